data "aws_iam_policy_document" "key" {
  statement {
    sid       = "AccountDecides"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type = "AWS"
      identifiers = [
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root",
      ]
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "EncryptedOnTheWay"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

# What every agent may do. It lists no logs: a key of its own it knows, and those of others are none of its business.
data "aws_iam_policy_document" "agent" {
  statement {
    sid       = "StoreObjects"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/${var.prefix}cluster=*"]
  }

  dynamic "statement" {
    for_each = !var.put_object_only ? [1] : []

    content {
      sid       = "LookAtOwnObjects"
      actions   = ["s3:GetObject"]
      resources = ["${aws_s3_bucket.logs.arn}/${var.prefix}cluster=*"]
    }
  }

  # After a week and more: has logq compact merged what I am about to store again?
  dynamic "statement" {
    for_each = !var.put_object_only ? [1] : []

    content {
      sid       = "FindOutcomes"
      actions   = ["s3:ListBucket"]
      resources = [aws_s3_bucket.logs.arn]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = ["${var.prefix}_compact/*"]
      }
    }
  }

  dynamic "statement" {
    for_each = !var.put_object_only ? [1] : []

    content {
      sid       = "ReadOutcomes"
      actions   = ["s3:GetObject"]
      resources = ["${aws_s3_bucket.logs.arn}/${var.prefix}_compact/*"]
    }
  }

  dynamic "statement" {
    for_each = !var.put_object_only ? [1] : []

    content {
      sid       = "FindInterruptedUploads"
      actions   = ["s3:ListBucketMultipartUploads"]
      resources = [aws_s3_bucket.logs.arn]
    }
  }

  dynamic "statement" {
    for_each = !var.put_object_only ? [1] : []

    content {
      sid       = "EndInterruptedUploads"
      actions   = ["s3:AbortMultipartUpload"]
      resources = ["${aws_s3_bucket.logs.arn}/${var.prefix}cluster=*"]
    }
  }

  statement {
    sid       = "SendMetrics"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.metrics.arn}:*"]
  }

  dynamic "statement" {
    for_each = var.with_cloud_watch_logs ? [1] : []

    content {
      sid       = "SendLogEvents"
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${aws_cloudwatch_log_group.application[0].arn}:*"]
    }
  }

  dynamic "statement" {
    for_each = var.with_firehose ? [1] : []

    content {
      sid       = "SendToFirehose"
      actions   = ["firehose:PutRecordBatch"]
      resources = [aws_kinesis_firehose_delivery_stream.logq[0].arn]
    }
  }

  dynamic "statement" {
    for_each = var.with_kms_key ? [1] : []

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [aws_kms_key.logs[0].arn]
    }
  }
}

data "aws_iam_policy_document" "control_plane" {
  statement {
    sid     = "ReadControlPlaneLogs"
    actions = ["logs:FilterLogEvents"]
    resources = [
      "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:log-group:/aws/eks/${var.cluster_name}/cluster:*",
    ]
  }
}

data "aws_iam_policy_document" "query" {
  statement {
    sid       = "FindObjects"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.logs.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.prefix}cluster=*", "${var.prefix}_compact/*"]
    }
  }

  statement {
    sid       = "ReadObjects"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.logs.arn}/${var.prefix}cluster=*", "${aws_s3_bucket.logs.arn}/${var.prefix}_compact/*"]
  }

  statement {
    sid       = "FindBucket"
    actions   = ["s3:GetBucketLocation"]
    resources = [aws_s3_bucket.logs.arn]
  }

  statement {
    sid = "AskAthena"
    actions = [
      "athena:GetQueryExecution",
      "athena:GetQueryResults",
      "athena:GetWorkGroup",
      "athena:StartQueryExecution",
      "athena:StopQueryExecution",
    ]
    resources = [
      "arn:${data.aws_partition.current.partition}:athena:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:workgroup/${aws_athena_workgroup.logq.name}",
    ]
  }

  statement {
    sid     = "ReadTable"
    actions = ["glue:GetDatabase", "glue:GetTable"]
    resources = [
      "arn:${data.aws_partition.current.partition}:glue:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:catalog",
      "arn:${data.aws_partition.current.partition}:glue:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:database/default",
      "arn:${data.aws_partition.current.partition}:glue:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:database/${aws_glue_catalog_database.logq.name}",
      "arn:${data.aws_partition.current.partition}:glue:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:table/${aws_glue_catalog_database.logq.name}/logs",
    ]
  }

  statement {
    sid       = "KeepResults"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/athena-results/*"]
  }

  dynamic "statement" {
    for_each = var.with_kms_key ? [1] : []

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [aws_kms_key.logs[0].arn]
    }
  }
}

# For who runs logq compact: a CronJob, or people.
data "aws_iam_policy_document" "compact" {
  statement {
    sid       = "FindObjects"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.logs.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.prefix}cluster=*", "${var.prefix}_compact/*"]
    }
  }

  statement {
    sid       = "ReadObjects"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.logs.arn}/${var.prefix}cluster=*", "${aws_s3_bucket.logs.arn}/${var.prefix}_compact/*"]
  }

  statement {
    sid       = "StoreObjects"
    actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/${var.prefix}cluster=*", "${aws_s3_bucket.logs.arn}/${var.prefix}_compact/*"]
  }

  statement {
    sid       = "DeleteMerged"
    actions   = ["s3:DeleteObject"]
    resources = ["${aws_s3_bucket.logs.arn}/${var.prefix}cluster=*"]
  }

  dynamic "statement" {
    for_each = var.with_kms_key ? [1] : []

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [aws_kms_key.logs[0].arn]
    }
  }
}

data "aws_iam_policy_document" "firehose" {
  statement {
    sid       = "DeliverObjects"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/firehose/*", "${aws_s3_bucket.logs.arn}/firehose-errors/*"]
  }

  statement {
    sid       = "FindBucket"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.logs.arn]
  }

  dynamic "statement" {
    for_each = var.with_kms_key ? [1] : []

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [aws_kms_key.logs[0].arn]
    }
  }
}

data "aws_iam_policy_document" "agent_trust" {
  dynamic "statement" {
    for_each = var.oidc_provider != "" ? [1] : []

    content {
      sid     = "ServiceAccount"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type = "Federated"
        identifiers = [
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${var.oidc_provider}",
        ]
      }

      condition {
        test     = "StringEquals"
        variable = "${var.oidc_provider}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "${var.oidc_provider}:sub"
        values   = ["system:serviceaccount:${var.namespace}:logq-agent"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.oidc_provider == "" ? [1] : []

    content {
      sid     = "PodIdentity"
      actions = ["sts:AssumeRole", "sts:TagSession"]

      principals {
        type        = "Service"
        identifiers = ["pods.eks.amazonaws.com"]
      }
    }
  }
}

data "aws_iam_policy_document" "control_plane_trust" {
  dynamic "statement" {
    for_each = var.oidc_provider != "" ? [1] : []

    content {
      sid     = "ServiceAccount"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type = "Federated"
        identifiers = [
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${var.oidc_provider}",
        ]
      }

      condition {
        test     = "StringEquals"
        variable = "${var.oidc_provider}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "${var.oidc_provider}:sub"
        values   = ["system:serviceaccount:${var.namespace}:logq-control-plane"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.oidc_provider == "" ? [1] : []

    content {
      sid     = "PodIdentity"
      actions = ["sts:AssumeRole", "sts:TagSession"]

      principals {
        type        = "Service"
        identifiers = ["pods.eks.amazonaws.com"]
      }
    }
  }
}

data "aws_iam_policy_document" "compact_trust" {
  dynamic "statement" {
    for_each = var.oidc_provider != "" ? [1] : []

    content {
      sid     = "ServiceAccount"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type = "Federated"
        identifiers = [
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${var.oidc_provider}",
        ]
      }

      condition {
        test     = "StringEquals"
        variable = "${var.oidc_provider}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "${var.oidc_provider}:sub"
        values   = ["system:serviceaccount:${var.namespace}:logq-compact"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.oidc_provider == "" ? [1] : []

    content {
      sid     = "PodIdentity"
      actions = ["sts:AssumeRole", "sts:TagSession"]

      principals {
        type        = "Service"
        identifiers = ["pods.eks.amazonaws.com"]
      }
    }
  }
}

data "aws_iam_policy_document" "firehose_trust" {
  statement {
    sid     = "Firehose"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}
