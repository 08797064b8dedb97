# What logq needs of an AWS account: docs/aws.md. deploy/cloudformation/logq.yaml makes the same resources.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "aws_kms_key" "logs" {
  count               = var.with_kms_key ? 1 : 0
  description         = "logs in ${var.bucket_name}"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key.json

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket" "logs" {
  bucket = var.bucket_name

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    # One request to KMS for many objects.
    bucket_key_enabled = var.with_kms_key

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.with_kms_key ? "aws:kms" : "AES256"
      kms_master_key_id = var.with_kms_key ? aws_kms_key.logs[0].arn : null
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  # What a node left that never came back; an agent that starts again looks after its own.
  rule {
    id     = "interrupted-uploads"
    status = "Enabled"
    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  rule {
    id     = "logs"
    status = "Enabled"

    filter {
      prefix = "${var.prefix}cluster="
    }

    expiration {
      days = var.expiration_days
    }
  }

  # They say which objects count, and come after these.
  rule {
    id     = "records-of-compaction"
    status = "Enabled"

    filter {
      prefix = "${var.prefix}_compact/"
    }

    expiration {
      days = var.expiration_days
    }
  }

  rule {
    id     = "query-results"
    status = "Enabled"

    filter {
      prefix = "athena-results/"
    }

    expiration {
      days = 7
    }
  }

  dynamic "rule" {
    for_each = var.with_firehose ? [1] : []

    content {
      id     = "firehose"
      status = "Enabled"

      filter {
        prefix = "firehose"
      }

      expiration {
        days = var.expiration_days
      }
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = data.aws_iam_policy_document.bucket.json
}

resource "aws_athena_workgroup" "logq" {
  name = var.workgroup_name

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.query_bytes_max

    result_configuration {
      output_location = "s3://${aws_s3_bucket.logs.id}/athena-results/"
    }
  }
}

# The agents' own metrics (service.emf_log_group).
resource "aws_cloudwatch_log_group" "metrics" {
  name              = "/logq/${var.cluster_name}/metrics"
  retention_in_days = var.log_retention_days
}

resource "aws_cloudwatch_log_group" "application" {
  count             = var.with_cloud_watch_logs ? 1 : 0
  name              = "/logq/${var.cluster_name}/application"
  retention_in_days = var.log_retention_days
  skip_destroy      = true
}

resource "aws_kinesis_firehose_delivery_stream" "logq" {
  count       = var.with_firehose ? 1 : 0
  name        = "logq-${var.cluster_name}"
  destination = "extended_s3"

  extended_s3_configuration {
    bucket_arn          = aws_s3_bucket.logs.arn
    role_arn            = aws_iam_role.firehose[0].arn
    prefix              = "firehose/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/"
    error_output_prefix = "firehose-errors/!{firehose:error-output-type}/"
    compression_format  = "GZIP"
    buffering_interval  = 300
    buffering_size      = 64
  }

  # Firehose tries the role when the stream is made.
  depends_on = [aws_iam_role_policy.firehose]
}
