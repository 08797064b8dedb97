import type { Origin } from "./record.ts";

/** What is known of a container that Docker or ECS runs. Names and values as they say them; empty texts count as nothing. */
export interface ContainerFacts {
  readonly id: string | null;
  /** With or without Docker's slash. */
  readonly name: string | null;
  readonly image: string | null;
  /** Docker's labels of the container. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of its ECS task, if it is in one and that is known. */
  readonly ecs?: {
    /** Its name, or its ARN. */
    readonly cluster?: string | undefined;
    readonly taskArn?: string | undefined;
    readonly family?: string | undefined;
    readonly revision?: string | undefined;
    readonly service?: string | undefined;
    /** As the task definition calls it. */
    readonly container?: string | undefined;
  };
}

export type ContainerOrigin = Pick<
  Origin,
  "source" | "namespace" | "workload" | "pod" | "podId" | "container" | "image" | "labels" | "containerId"
>;

/**
 * The table's columns for a container outside of Kubernetes. Of an ECS task: cluster, service (else the task definition's
 * family), task id. Of Docker Compose: project and service. Docker's labels say the same, and of a pod's container its pod.
 */
export function originOfContainer({ id, name, image, labels, ecs = {} }: ContainerFacts): ContainerOrigin {
  const said = (label: string): string | undefined => labels[label] || undefined;
  const taskArn = ecs.taskArn ?? said("com.amazonaws.ecs.task-arn");
  const family = ecs.family ?? said("com.amazonaws.ecs.task-definition-family");
  const revision = ecs.revision ?? said("com.amazonaws.ecs.task-definition-version");
  const cluster = ecs.cluster ?? said("com.amazonaws.ecs.cluster");
  const plainName = name?.replace(/^\//, "") || null;
  const container = ecs.container ?? said("com.amazonaws.ecs.container-name");
  const task = taskArn === undefined ? null : lastSegment(taskArn);
  const added = {
    ...(cluster !== undefined && { ecs_cluster: lastSegment(cluster) }),
    ...(taskArn !== undefined && { ecs_task_arn: taskArn }),
    ...(family !== undefined && { ecs_task_definition: revision === undefined ? family : `${family}:${revision}` }),
  };
  const all = { ...labels, ...added };
  return {
    source: "application",
    namespace:
      said("io.kubernetes.pod.namespace") ??
      (cluster === undefined ? said("com.docker.compose.project") : lastSegment(cluster)) ??
      null,
    workload: ecs.service ?? family ?? said("com.docker.compose.service") ?? null,
    pod: said("io.kubernetes.pod.name") ?? task,
    podId: said("io.kubernetes.pod.uid") ?? task,
    container:
      said("io.kubernetes.container.name") ??
      container ??
      (family === undefined ? plainName : containerOfTask(plainName, family)) ??
      id,
    image,
    labels: Object.keys(all).length === 0 ? null : all,
    containerId: id,
  };
}

/** `arn:aws:ecs:<region>:<account>:cluster/<name>`, `…:task/<cluster>/<id>`, or the name itself. */
function lastSegment(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** `ecs-<family>-<revision>-<container>-<20 hex digits>`, as the ECS agent calls a container on EC2. */
function containerOfTask(name: string | null, family: string): string | null {
  const prefix = `ecs-${family}-`;
  if (name?.startsWith(prefix) !== true) return name;
  return /^\d+-(?<container>.+)-[0-9a-f]{20}$/.exec(name.slice(prefix.length))?.groups!["container"] ?? name;
}
