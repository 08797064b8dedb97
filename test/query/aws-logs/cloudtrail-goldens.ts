import type { Event } from "./cloudtrail-files.ts";

export interface Golden {
  readonly say: string;
  /** The same of the events themselves, in order of time, without SQL. */
  readonly answer: (events: readonly Event[]) => readonly Event[];
}

/** A member of nested objects as text; null if it is not there. */
function at(event: Event, path: string): string | null {
  let value: unknown = event;
  for (const name of path.split(".")) value = (value as Event | null | undefined)?.[name];
  return value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value);
}

function counted(events: readonly Event[], name: string, of: (event: Event) => string | null): Event[] {
  const groups = Map.groupBy(events, of);
  return [...groups].map(([value, rows]) => ({ [name]: value, n: rows.length }));
}

const isOf = (source: string) => (event: Event) => event["eventSource"] === `${source}.amazonaws.com`;
const ms = (event: Event) => `${String(event["eventTime"]).slice(0, -1)}.000Z`;
const who = (event: Event) =>
  at(event, "userIdentity.userName") ??
  at(event, "userIdentity.sessionContext.sessionIssuer.userName") ??
  at(event, "userIdentity.invokedBy");

/** Questions that people ask of a trail. */
export const GOLDENS: readonly Golden[] = [
  {
    say: "select ts, eventname, errorcode from cloudtrail where eventsource='eks.amazonaws.com'",
    answer: (events) =>
      events
        .filter(isOf("eks"))
        .map((event) => ({ ts: ms(event), eventname: event["eventName"], errorcode: event["errorCode"] ?? null })),
  },
  {
    say: "select eventname, count(*) as n from cloudtrail group by 1",
    answer: (events) => counted(events, "eventname", (event) => at(event, "eventName")),
  },
  {
    say: `select eventtime, useridentity.userName as who, requestparameters.nodegroupName as nodegroup from cloudtrail
      where eventname like 'Delete%' and errorcode is null`,
    answer: (events) =>
      events
        .filter((event) => String(event["eventName"]).startsWith("Delete") && event["errorCode"] === undefined)
        .map((event) => ({
          eventtime: event["eventTime"],
          who: at(event, "userIdentity.userName"),
          nodegroup: at(event, "requestParameters.nodegroupName"),
        })),
  },
  {
    // As AWS's own examples name them, for Athena: in lower case.
    say: `select coalesce(useridentity.username, useridentity.sessioncontext.sessionissuer.username, useridentity.invokedby) as who,
      count(*) as n from cloudtrail where readonly='false' group by 1`,
    answer: (events) =>
      counted(
        events.filter((event) => event["readOnly"] === false),
        "who",
        who,
      ),
  },
  {
    say: "select errorcode, errormessage, sourceipaddress from cloudtrail where errorcode is not null",
    answer: (events) =>
      events
        .filter((event) => event["errorCode"] !== undefined)
        .map((event) => ({
          errorcode: event["errorCode"],
          errormessage: event["errorMessage"],
          sourceipaddress: event["sourceIPAddress"],
        })),
  },
  {
    say: `select eventtime, account, region, additionaleventdata.MFAUsed as mfa, responseelements.ConsoleLogin as login
      from cloudtrail where eventname='ConsoleLogin'`,
    answer: (events) =>
      events
        .filter((event) => event["eventName"] === "ConsoleLogin")
        .map((event) => ({
          eventtime: event["eventTime"],
          account: event["recipientAccountId"],
          region: event["awsRegion"],
          mfa: at(event, "additionalEventData.MFAUsed"),
          login: at(event, "responseElements.ConsoleLogin"),
        })),
  },
  {
    say: "select dt, count(*) as n from cloudtrail where ts >= timestamp '2026-11-20 00:00:00' group by 1",
    answer: (events) => counted(events, "dt", (event) => String(event["eventTime"]).slice(0, 10)),
  },
  {
    say: `select eventname from cloudtrail where eventtime >= '2026-11-21T05:59:59Z' and eventtime < '2026-11-21T06:00:00Z'`,
    answer: (events) =>
      events
        .filter(({ eventTime }) => eventTime === "2026-11-21T05:59:59Z")
        .map((event) => ({ eventname: event["eventName"] })),
  },
  {
    say: `select requestparameters.bucketName as bucket, requestparameters.key as key, resources[0].ARN as arn,
      cast(additionaleventdata.bytesTransferredOut as bigint) as bytes from cloudtrail where eventsource='s3.amazonaws.com'`,
    answer: (events) =>
      events.filter(isOf("s3")).map((event) => ({
        bucket: at(event, "requestParameters.bucketName"),
        key: at(event, "requestParameters.key"),
        arn: at(event, "resources.0.ARN"),
        bytes: Number(at(event, "additionalEventData.bytesTransferredOut")),
      })),
  },
  {
    say: `select requestparameters.instancesSet.items[1].instanceId as second, sourceipaddress from cloudtrail
      where useridentity.type = 'AWSService' and eventname='TerminateInstances'`,
    answer: (events) =>
      events
        .filter((event) => event["eventName"] === "TerminateInstances")
        .map((event) => ({
          second: at(event, "requestParameters.instancesSet.items.1.instanceId"),
          sourceipaddress: event["sourceIPAddress"],
        })),
  },
  {
    say: `with mine as (select * from cloudtrail where account='111122223333')
      select tlsdetails.tlsversion as tls, count(distinct requestid) as n from mine group by 1`,
    answer: (events) =>
      counted(
        events.filter((event) => event["recipientAccountId"] === "111122223333"),
        "tls",
        (event) => at(event, "tlsDetails.tlsVersion"),
      ),
  },
  {
    say: `select max(requestparameters.durationSeconds) as longest, count(sharedeventid) as shared from cloudtrail`,
    answer: (events) => [
      {
        longest: Math.max(...events.map((event) => Number(at(event, "requestParameters.durationSeconds") ?? 0))),
        shared: events.filter((event) => event["sharedEventID"] !== undefined).length,
      },
    ],
  },
];
