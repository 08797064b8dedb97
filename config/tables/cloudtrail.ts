import { ACCOUNT, REGION, day } from "./aws-partitions.ts";
import { defineTable, type JsonMembers, type QueryColumn } from "./definition.ts";

/**
 * CloudTrail's events. Names of columns and their types in Athena: Athena's user guide, "Create the table for CloudTrail
 * logs in Athena using partition projection"; fields: CloudTrail's user guide, "CloudTrail record contents".
 */
const IDENTITY =
  "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,username:string,onbehalfof:struct<userid:string,identitystorearn:string>,sessioncontext:struct<attributes:struct<mfaauthenticated:string,creationdate:string>,sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>,ec2roledelivery:string,webidfederationdata:struct<federatedprovider:string,attributes:map<string,string>>>>";

const IDENTITY_NAMES = `type principalId arn accountId invokedBy accessKeyId userName onBehalfOf userId identityStoreArn
  sessionContext attributes mfaAuthenticated creationDate sessionIssuer ec2RoleDelivery webIdFederationData
  federatedProvider`.split(/\s+/);

/** In the order of Athena's table. The field in a file, where its name is not the column's in another case, is `field`. */
const EVENT_COLUMNS: readonly QueryColumn[] = [
  text("eventversion", "eventVersion", "version of the record's format"),
  row("useridentity", "userIdentity", IDENTITY, IDENTITY_NAMES, "who made the request: useridentity.arn"),
  text("eventtime", "eventTime", "when, as the record has it: 2026-11-21T05:00:00Z"),
  text("eventsource", "eventSource", "the service: eks.amazonaws.com"),
  text("eventname", "eventName", "the action: DeleteNodegroup"),
  text("awsregion", "awsRegion", "the region that the request was made to"),
  text("sourceipaddress", "sourceIPAddress", "from where: an address, or a service's name"),
  text("useragent", "userAgent", "by what: the SDK, the console, a service"),
  text("errorcode", "errorCode", "null if it went well: AccessDenied"),
  text("errormessage", "errorMessage", "what the service said of the error"),
  json("requestparameters", "requestParameters", "what was asked for: requestparameters.name"),
  json("responseelements", "responseElements", "what was answered, of actions that change something"),
  json("additionaleventdata", "additionalEventData", "what belongs to neither"),
  text("requestid", "requestID", "the service's id of the request"),
  text("eventid", "eventID", "the event's own id"),
  text("readonly", "readOnly", "'true' or 'false'"),
  row(
    "resources",
    "resources",
    "array<struct<arn:string,accountid:string,type:string>>",
    ["ARN", "accountId", "type"],
    "what was accessed, as a list",
  ),
  text("eventtype", "eventType", "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn …"),
  text("apiversion", "apiVersion", "the version of the service's API"),
  text("recipientaccountid", "recipientAccountId", "the account that got the event"),
  json("serviceeventdetails", "serviceEventDetails", "what a service says of an event of its own"),
  text("sharedeventid", "sharedEventID", "the id that the copies of an event in several accounts share"),
  text("vpcendpointid", "vpcEndpointId", "the VPC endpoint that the request went through"),
  text("vpcendpointaccountid", "vpcEndpointAccountId", "its owner"),
  text("eventcategory", "eventCategory", "Management, Data, NetworkActivity or Insight"),
  row(
    "addendum",
    "addendum",
    "struct<reason:string,updatedfields:string,originalrequestid:string,originaleventid:string>",
    ["reason", "updatedFields", "originalRequestID", "originalEventID"],
    "why an event came late or was changed",
  ),
  text("sessioncredentialfromconsole", "sessionCredentialFromConsole", "'true' if the session began in the console"),
  json("edgedevicedetails", "edgeDeviceDetails", "the edge device that was asked"),
  row(
    "tlsdetails",
    "tlsDetails",
    "struct<tlsversion:string,ciphersuite:string,clientprovidedhostheader:string>",
    ["tlsVersion", "cipherSuite", "clientProvidedHostHeader"],
    "the connection's TLS version, cipher suite and host",
  ),
];

const TIME: QueryColumn = {
  name: "ts",
  type: "timestamp",
  meaning: "eventtime as a timestamp in UTC: what the window acts on",
  duckDb: `TRY_CAST("eventTime" AS TIMESTAMP)`,
  trino: "CAST(TRY(from_iso8601_timestamp(eventtime)) AS timestamp(3))",
  hive: null,
};

export const CLOUDTRAIL = defineTable({
  name: "cloudtrail",
  meaning: "AWS CloudTrail's events, one a row",
  columns: [TIME, ...EVENT_COLUMNS],
  partitions: [ACCOUNT, REGION, day(`left("eventTime", 10)`, "substr(eventtime, 1, 10)")],
  timeColumns: ["ts", "eventtime", "dt"],
  orderColumns: ["ts", "eventid"],
  aws: {
    service: "CloudTrail",
    extensions: [".json.gz", ".json"],
    // Some minutes as a rule; AWS promises none.
    lateMs: 7_200_000,
    spanMs: 60_000,
    content: "cloudtrail records",
    readers: [
      {
        extension: ".ndjson",
        function: "read_json",
        options: `format = 'newline_delimited', hive_partitioning = true, hive_types_autocast = false, ignore_errors = true, maximum_object_size = 33554432, columns = {${EVENT_COLUMNS.map(({ duckDb }) => `${duckDb!}: 'VARCHAR'`).join(", ")}}`,
      },
    ],
  },
  view: null,
});

function text(name: string, field: string, meaning: string): QueryColumn {
  return { name, type: "varchar", meaning, duckDb: `"${field}"` };
}

/** A field that Athena's input format hands over as a text of JSON. */
function json(name: string, field: string, meaning: string): QueryColumn {
  return { ...text(name, field, meaning), json: { names: [], isRow: false } };
}

function row(name: string, field: string, hive: string, names: readonly string[], meaning: string): QueryColumn {
  const members: JsonMembers = { names, isRow: true };
  return { ...text(name, field, meaning), json: members, hive, trino: `json_format(CAST(${name} AS JSON))` };
}
