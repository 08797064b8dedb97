import { expect, test } from "vitest";
import { problemOfCommand } from "./command-problem.ts";

test.each([
  ["kubectl -n logq rollout status daemonset/logq-agent", null],
  ["kubectl apply -k deploy/kubernetes/overlays/eks", null],
  ["kubectl exec -n logq -it logq-agent-x -- logq-agent --version", null],
  ["helm install logq deploy/helm/logq -n logq -f deploy/helm/logq/values-eks.yaml", null],
  ["npm run bench -- --docs", null],
  [
    "kubectl apply -k deploy/kubernetes/nowhere",
    "names deploy/kubernetes/nowhere/kustomization.yaml, which is not there",
  ],
  ["kubectl apply --forse -f README.md", "--forse is none of its flags"],
  ["helm install logq deploy/helm", "names deploy/helm/Chart.yaml"],
  ["aws eks update-cluster-config --logging {", "is no JSON"],
  ["aws eks destroy-everything", "no such command is known"],
  ["npm run nothing", "package.json has no script nothing"],
])("%s: %s", (command, problem) => {
  const found = problemOfCommand(command.split(" "));
  expect(problem === null ? found : found?.includes(problem)).toBe(problem === null ? null : true);
});
