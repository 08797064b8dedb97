"""
moto's server, whose IAM asks what it leaves out otherwise. Its own engine decides; this tells it

- the resource of a request to CloudWatch Logs, Firehose, Athena and Glue (by moto's own hook, which these lack),
- what S3 and Athena do in the caller's name: KMS for a bucket encrypted with a key, catalog, logs and results for a query,
- the condition s3:prefix, and that a statement whose condition does not hold says nothing.

Each decision is a line of JSON in the file that IAM_DECISIONS names.
"""

import fnmatch
import json
import os
import sys

from moto.athena.responses import AthenaResponse
from moto.core.authorization import ActionAuthenticatorMixin
from moto.firehose.responses import FirehoseResponse
from moto.glue.responses import GlueResponse
from moto.iam.access_control import IAMPolicyStatement, IAMRequestBase, PermissionResult
from moto.logs.responses import LogsResponse
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from moto.server import main

# The request's own facts, while it is decided.
asked = {"prefix": None}


def resource_of(service, name):
    def determine(self):
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        return f"arn:{partition}:{service}:{self.region}:{self.current_account}:{name(self._get_param)}"

    return determine


def log_resource(param):
    stream = param("logStreamName")
    group = f"log-group:{param('logGroupName')}"
    return f"{group}:log-stream:{stream}" if stream else f"{group}:*"


def glue_resource(param):
    if param("DatabaseName"):
        return f"table/{param('DatabaseName')}/{param('Name')}"
    return f"database/{param('Name')}"


def athena_resource(param):
    # Of a query that runs, moto knows no workgroup here; each is of the one that there is.
    return f"workgroup/{param('WorkGroup') or 'logq'}"


LogsResponse._determine_resource = resource_of("logs", log_resource)
FirehoseResponse._determine_resource = resource_of("firehose", lambda param: f"deliverystream/{param('DeliveryStreamName')}")
GlueResponse._determine_resource = resource_of("glue", glue_resource)
AthenaResponse._determine_resource = resource_of("athena", athena_resource)

decide = IAMRequestBase.check_action_permitted


def decide_and_write(self, resource):
    allowed = False
    try:
        decide(self, resource)
        allowed = True
    finally:
        with open(os.environ["IAM_DECISIONS"], "a") as file:
            user = getattr(self._access_key, "_owner_user_name", None)
            file.write(json.dumps({"user": user, "action": self._action, "resource": resource, "allowed": allowed}) + "\n")


IAMRequestBase.check_action_permitted = decide_and_write


def statement_decides(self, action, resource="*", principal=None, incoming_condition_values=None):
    conditions = self._statement.get("Condition", {})
    for test, keys in conditions.items():
        if (test, list(keys)) != ("StringLike", ["s3:prefix"]):
            return decide_statement(self, action, resource, principal, incoming_condition_values)
        patterns = keys["s3:prefix"]
        if asked["prefix"] is None or not any(fnmatch.fnmatchcase(asked["prefix"], pattern) for pattern in patterns):
            return PermissionResult.NEUTRAL
    bare = IAMPolicyStatement({key: value for key, value in self._statement.items() if key != "Condition"})
    return decide_statement(bare, action, resource, principal, incoming_condition_values)


decide_statement = IAMPolicyStatement.is_action_permitted
IAMPolicyStatement.is_action_permitted = statement_decides

authorize = ActionAuthenticatorMixin._authenticate_and_authorize_action


def authorize_all(self, iam_request_cls, resource="*"):
    also = []

    class Request(iam_request_cls):
        def check_action_permitted(self, of):
            super().check_action_permitted(of)
            for action, other in also:
                self._action = action
                super().check_action_permitted(other)

    asked["prefix"] = None
    if isinstance(self, S3Response):
        asked["prefix"] = self.querystring.get("prefix", [None])[0]
        also.extend(key_actions(self))
    elif isinstance(self, AthenaResponse) and self._get_action() == "StartQueryExecution":
        also.extend(query_actions(self))
    authorize(self, Request, resource)


ActionAuthenticatorMixin._authenticate_and_authorize_action = authorize_all


def key_actions(response):
    """S3's user guide, "Protecting data with server-side encryption": a part of an upload is decrypted to be joined."""
    bucket_name, _, key_name = response.raw_path.strip("/").partition("/")
    bucket = s3_backends[response.current_account]["aws"].buckets.get(bucket_name)
    if bucket is None or not bucket.encryption or not key_name:
        return []
    key = bucket.encryption["Rule"]["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    action = response.data.get("Action")
    if key and action == "PutObject":
        has_parts = "uploadId" in response.querystring or "uploads" in response.querystring
        return [("kms:GenerateDataKey", key)] + ([("kms:Decrypt", key)] if has_parts else [])
    return [("kms:Decrypt", key)] if key and action == "GetObject" and response.method == "GET" else []


def query_actions(response):
    """Athena's user guide, "Identity-based policies": what it asks in the name of who starts a query."""
    catalog = f"arn:aws:glue:{response.region}:{response.current_account}"
    database = response._get_param("QueryExecutionContext", {}).get("Database")
    results = os.environ["ATHENA_RESULTS"]
    return [
        ("glue:GetDatabase", f"{catalog}:database/{database}"),
        ("glue:GetTable", f"{catalog}:table/{database}/logs"),
        ("s3:GetBucketLocation", f"arn:aws:s3:::{results.partition('/')[0]}"),
        ("s3:PutObject", f"arn:aws:s3:::{results}result.csv"),
    ]


sys.exit(main())
