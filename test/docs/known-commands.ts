/**
 * What of other makers' commands the docs may say: those that a test can't run for lack of a cluster or an account. From
 * their references (`kubectl help`, helm.sh/docs/helm, AWS CLI Command Reference, terraform.io/cli).
 */

/** What a flag's value, or an argument, has to be. */
export type Kind = "none" | "text" | "json" | "path" | "folder with kustomization.yaml" | "folder with Chart.yaml";

export interface KnownCommand {
  readonly flags: Readonly<Record<string, Kind>>;
  /** Of what is no flag: each of them, or none allowed. */
  readonly args: Kind;
}

const NAMESPACE = { "-n": "text", "--namespace": "text" } as const;
const OF_FILES = {
  ...NAMESPACE,
  "-f": "path",
  "-k": "folder with kustomization.yaml",
  "--server-side": "none",
} as const;
const HELM = { ...NAMESPACE, "-f": "path", "--values": "path", "--set": "text", "--create-namespace": "none" } as const;

export const KNOWN_COMMANDS: Readonly<Record<string, KnownCommand>> = {
  "kubectl apply": { flags: OF_FILES, args: "none" },
  "kubectl diff": { flags: OF_FILES, args: "none" },
  "kubectl delete": { flags: { ...OF_FILES, "--ignore-not-found": "none" }, args: "text" },
  "kubectl kustomize": { flags: {}, args: "folder with kustomization.yaml" },
  "kubectl create namespace": { flags: {}, args: "text" },
  "kubectl create configmap": {
    flags: { ...NAMESPACE, "--from-file": "text", "--dry-run": "text", "-o": "text" },
    args: "text",
  },
  "kubectl label namespace": { flags: { "--overwrite": "none" }, args: "text" },
  "kubectl annotate serviceaccount": { flags: { ...NAMESPACE, "--overwrite": "none" }, args: "text" },
  "kubectl get": {
    flags: { ...NAMESPACE, "-A": "none", "-o": "text", "-l": "text", "-w": "none", "--field-selector": "text" },
    args: "text",
  },
  "kubectl describe": { flags: { ...NAMESPACE, "-l": "text" }, args: "text" },
  "kubectl logs": {
    flags: { ...NAMESPACE, "-l": "text", "-f": "none", "--tail": "text", "-p": "none", "--since": "text" },
    args: "text",
  },
  "kubectl exec": { flags: { ...NAMESPACE, "-i": "none", "-t": "none", "-it": "none", "-c": "text" }, args: "text" },
  "kubectl port-forward": { flags: NAMESPACE, args: "text" },
  "kubectl top pod": { flags: { ...NAMESPACE, "-l": "text", "--containers": "none" }, args: "text" },
  "kubectl rollout status": { flags: { ...NAMESPACE, "--timeout": "text" }, args: "text" },
  "kubectl rollout restart": { flags: NAMESPACE, args: "text" },
  "kubectl rollout undo": { flags: NAMESPACE, args: "text" },
  "helm install": { flags: HELM, args: "folder with Chart.yaml" },
  "helm upgrade": { flags: { ...HELM, "--install": "none", "-i": "none" }, args: "folder with Chart.yaml" },
  "helm template": { flags: HELM, args: "folder with Chart.yaml" },
  "helm uninstall": { flags: NAMESPACE, args: "text" },
  "aws eks update-cluster-config": {
    flags: { "--name": "text", "--logging": "json", "--region": "text" },
    args: "none",
  },
  "aws eks create-pod-identity-association": {
    flags: { "--cluster-name": "text", "--namespace": "text", "--service-account": "text", "--role-arn": "text" },
    args: "none",
  },
  "aws s3 mb": { flags: { "--region": "text" }, args: "text" },
  "aws s3 ls": { flags: { "--recursive": "none", "--summarize": "none", "--human-readable": "none" }, args: "text" },
  "aws cloudformation deploy": {
    flags: {
      "--template-file": "path",
      "--stack-name": "text",
      "--parameter-overrides": "text",
      "--capabilities": "text",
      "--region": "text",
    },
    args: "text",
  },
  "aws cloudformation describe-stacks": {
    flags: { "--stack-name": "text", "--query": "text", "--output": "text", "--region": "text" },
    args: "none",
  },
  "terraform init": { flags: {}, args: "none" },
  "terraform plan": { flags: { "-var": "text", "-var-file": "path", "-out": "text" }, args: "none" },
  "terraform apply": { flags: { "-var": "text", "-var-file": "path" }, args: "text" },
  "terraform output": { flags: { "-raw": "none", "-json": "none" }, args: "text" },
  "docker build": {
    flags: { "-f": "path", "-t": "text", "--platform": "text", "--build-arg": "text", "--target": "text" },
    args: "path",
  },
  "docker buildx build": {
    flags: { "-f": "path", "-t": "text", "--platform": "text", "--build-arg": "text", "--push": "none" },
    args: "path",
  },
  "docker push": { flags: {}, args: "text" },
};
