/** Of the AWS SDK's clients: the parts that its own types leave out of what a program imports. */
declare module "@aws-sdk/client-*/dist-es/endpoint/bdd.js" {
  import type { BinaryDecisionDiagram } from "@smithy/core/endpoints";
  /** Where a service answers, by region, partition, bucket and how it is asked: generated from AWS's model of the service. */
  export const bdd: BinaryDecisionDiagram;
}
declare module "@aws-sdk/client-*/dist-es/endpoint/EndpointParameters.js" {
  import type { EndpointParameterInstructions } from "@smithy/types";
  /** The parameters of these rules, and where the SDK takes each from. */
  export const commonParams: EndpointParameterInstructions;
}
