resource "aws_cloudwatch_metric_alarm" "lost" {
  alarm_name          = "logq-${var.cluster_name}-lost"
  alarm_description   = "Bytes of logs are lost; the agent's log says of which file and why"
  namespace           = "logq"
  metric_name         = "LostBytes"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}

resource "aws_cloudwatch_metric_alarm" "lost_before_outputs" {
  alarm_name          = "logq-${var.cluster_name}-lost-before-outputs"
  alarm_description   = "Bytes of logs are lost that no output has seen; the agent's log says of which file and why"
  namespace           = "logq"
  metric_name         = "LostBytesBeforeOutputs"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}

resource "aws_cloudwatch_metric_alarm" "gap" {
  alarm_name          = "logq-${var.cluster_name}-gap"
  alarm_description   = "A log was rotated faster than it was looked at; something may be missing"
  namespace           = "logq"
  metric_name         = "SuspectedGaps"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}

resource "aws_cloudwatch_metric_alarm" "quarantine" {
  alarm_name          = "logq-${var.cluster_name}-quarantine"
  alarm_description   = "Records can't be shipped and lie in quarantine/ of an agent's state folder"
  namespace           = "logq"
  metric_name         = "QuarantinedRecords"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}

resource "aws_cloudwatch_metric_alarm" "lag" {
  alarm_name          = "logq-${var.cluster_name}-lag"
  alarm_description   = "Lines wait too long to be shipped"
  namespace           = "logq"
  metric_name         = "Lag"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.lag_seconds_max
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "logq-${var.cluster_name}-errors"
  alarm_description   = "Shipments have failed for a quarter of an hour"
  namespace           = "logq"
  metric_name         = "Errors"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}

resource "aws_cloudwatch_metric_alarm" "health" {
  alarm_name          = "logq-${var.cluster_name}-health"
  alarm_description   = "An agent says that it is not healthy, or none says anything"
  namespace           = "logq"
  metric_name         = "Healthy"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Minimum"
  period              = 300
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}

resource "aws_cloudwatch_metric_alarm" "memory" {
  alarm_name          = "logq-${var.cluster_name}-memory"
  alarm_description   = "An agent comes near its memory limit"
  namespace           = "logq"
  metric_name         = "MemoryResident"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.memory_bytes_max
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "logq-${var.cluster_name}-cpu"
  alarm_description   = "An agent takes more CPU than it should"
  namespace           = "logq"
  metric_name         = "Cpu"
  dimensions          = { ClusterName = var.cluster_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.cpu_percent_max
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn != "" ? [var.alarm_topic_arn] : []
}
