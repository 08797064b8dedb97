variable "cluster_name" {
  description = "The EKS cluster, which is also service.cluster of the agents"
  type        = string

  validation {
    condition     = can(regex("^(?:[A-Za-z0-9][A-Za-z0-9_-]{0,99})$", var.cluster_name))
    error_message = "cluster_name must match [A-Za-z0-9][A-Za-z0-9_-]{0,99}."
  }
}

variable "bucket_name" {
  description = "Name of the bucket that is made for the logs"
  type        = string

  validation {
    condition     = can(regex("^(?:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$", var.bucket_name))
    error_message = "bucket_name must match [a-z0-9][a-z0-9.-]{1,61}[a-z0-9]."
  }
}

variable "prefix" {
  description = "A folder for the logs, with a slash at its end; LOG_PREFIX of the manifests"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(?:([A-Za-z0-9._-]+/)*)$", var.prefix))
    error_message = "prefix must match ([A-Za-z0-9._-]+/)*."
  }
}

variable "expiration_days" {
  description = "How many days logs are kept; the table looks 400 days back"
  type        = number
  default     = 90

  validation {
    condition     = var.expiration_days >= 1 && var.expiration_days <= 400
    error_message = "expiration_days must be 1 to 400."
  }
}

variable "with_kms_key" {
  description = "Encrypt by a key of your own (SSE-KMS) instead of S3's (SSE-S3)"
  type        = bool
  default     = false
}

variable "namespace" {
  description = "The agents' namespace, for IAM roles for service accounts"
  type        = string
  default     = "logq"

  validation {
    condition     = can(regex("^(?:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$", var.namespace))
    error_message = "namespace must match [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?."
  }
}

variable "oidc_provider" {
  description = "The cluster's OIDC provider without https://, for IAM roles for service accounts; empty for EKS Pod Identity"
  type        = string
  default     = ""
}

variable "put_object_only" {
  description = "Agents may put objects and nothing else in the bucket"
  type        = bool
  default     = false
}

variable "with_cloud_watch_logs" {
  description = "A log group for the output cloudwatch_logs"
  type        = bool
  default     = false
}

variable "with_firehose" {
  description = "A delivery stream into the bucket for the output kinesis_firehose"
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "How many days the log groups keep what they have"
  type        = number
  default     = 14

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "database_name" {
  description = "Glue database of the table logs"
  type        = string
  default     = "logq"

  validation {
    condition     = can(regex("^(?:[a-z0-9_]{1,255})$", var.database_name))
    error_message = "database_name must match [a-z0-9_]{1,255}."
  }
}

variable "workgroup_name" {
  description = "Athena workgroup for the queries"
  type        = string
  default     = "logq"

  validation {
    condition     = can(regex("^(?:[A-Za-z0-9._-]{1,128})$", var.workgroup_name))
    error_message = "workgroup_name must match [A-Za-z0-9._-]{1,128}."
  }
}

variable "query_bytes_max" {
  description = "Athena stops a query that has scanned so many bytes"
  type        = number
  default     = 100000000000

  validation {
    condition     = var.query_bytes_max >= 10000000
    error_message = "query_bytes_max must be 10000000 at least."
  }
}

variable "alarm_topic_arn" {
  description = "SNS topic that alarms are sent to; empty for none"
  type        = string
  default     = ""
}

variable "lag_seconds_max" {
  description = "How old the oldest line that waits may be; several upload_timeout"
  type        = number
  default     = 900
}

variable "memory_bytes_max" {
  description = "How much memory an agent may take; 90 % of its limit, which is 256 MiB in the manifests"
  type        = number
  default     = 241591910
}

variable "cpu_percent_max" {
  description = "How much of a core an agent may take for a quarter of an hour"
  type        = number
  default     = 50
}
