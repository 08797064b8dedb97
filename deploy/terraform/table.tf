# Written by npm run infrastructure, from the definition of the table.

resource "aws_glue_catalog_database" "logq" {
  name = var.database_name
}

resource "aws_glue_catalog_table" "logs" {
  name          = "logs"
  database_name = aws_glue_catalog_database.logq.name
  description   = "logs that logq-agent stores"
  table_type    = "EXTERNAL_TABLE"
  parameters = {
    "EXTERNAL"                  = "TRUE"
    "classification"            = "parquet"
    "projection.enabled"        = "true"
    "projection.cluster.type"   = "injected"
    "projection.dt.type"        = "date"
    "projection.dt.format"      = "yyyy-MM-dd"
    "projection.dt.range"       = "NOW-400DAYS,NOW+1DAYS"
    "projection.hour.type"      = "integer"
    "projection.hour.range"     = "0,23"
    "projection.hour.digits"    = "2"
    "storage.location.template" = "s3://${aws_s3_bucket.logs.id}/${var.prefix}cluster=$${cluster}/dt=$${dt}/hour=$${hour}/"
  }

  partition_keys {
    name    = "cluster"
    type    = "string"
    comment = "the agent's service.cluster"
  }

  partition_keys {
    name    = "dt"
    type    = "string"
    comment = "day of ts in UTC: 2026-11-21"
  }

  partition_keys {
    name    = "hour"
    type    = "string"
    comment = "hour of ts in UTC: 00 to 23"
  }

  storage_descriptor {
    location      = "s3://${aws_s3_bucket.logs.id}/${var.prefix}"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
      parameters = {
        "serialization.format" = "1"
      }
    }

    columns {
      name    = "ts"
      type    = "timestamp"
      comment = "event time, UTC, to the millisecond"
    }

    columns {
      name    = "ts_ns"
      type    = "bigint"
      comment = "event time in nanoseconds since 1970: the exact order"
    }

    columns {
      name    = "source"
      type    = "string"
      comment = "application, dataplane, host or control-plane"
    }

    columns {
      name    = "namespace"
      type    = "string"
      comment = "Kubernetes namespace"
    }

    columns {
      name    = "workload"
      type    = "string"
      comment = "the owner people know: Deployment, DaemonSet, StatefulSet, CronJob …"
    }

    columns {
      name    = "pod"
      type    = "string"
      comment = "pod name"
    }

    columns {
      name    = "container"
      type    = "string"
      comment = "container name"
    }

    columns {
      name    = "node"
      type    = "string"
      comment = "node name"
    }

    columns {
      name    = "stream"
      type    = "string"
      comment = "stdout or stderr"
    }

    columns {
      name    = "level"
      type    = "string"
      comment = "trace, debug, info, warn, error or fatal; null if unknown"
    }

    columns {
      name    = "log"
      type    = "string"
      comment = "the message as written, partial lines joined; bytes that are not UTF-8 are U+FFFD"
    }

    columns {
      name    = "labels"
      type    = "map<string,string>"
      comment = "pod labels"
    }

    columns {
      name    = "image"
      type    = "string"
      comment = "container image"
    }

    columns {
      name    = "pod_id"
      type    = "string"
      comment = "pod UID"
    }

    columns {
      name    = "file"
      type    = "string"
      comment = "node/pod_id/container/<random id of the log file>"
    }

    columns {
      name    = "pos"
      type    = "bigint"
      comment = "byte offset in `file` where the record starts"
    }

    columns {
      name    = "cut"
      type    = "string"
      comment = "null for a whole record; 'limit': cut at 1 MiB, the next row goes on; 'end': its file ended inside it"
    }
  }
}
