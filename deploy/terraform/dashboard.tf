# Written by npm run infrastructure, from deploy/dashboard.ts.

resource "aws_cloudwatch_dashboard" "logq" {
  dashboard_name = "logq-${var.cluster_name}"
  dashboard_body = templatefile("${path.module}/dashboard.json.tftpl", {
    lost_alarm_arn                = aws_cloudwatch_metric_alarm.lost.arn
    lost_before_outputs_alarm_arn = aws_cloudwatch_metric_alarm.lost_before_outputs.arn
    gap_alarm_arn                 = aws_cloudwatch_metric_alarm.gap.arn
    quarantine_alarm_arn          = aws_cloudwatch_metric_alarm.quarantine.arn
    lag_alarm_arn                 = aws_cloudwatch_metric_alarm.lag.arn
    errors_alarm_arn              = aws_cloudwatch_metric_alarm.errors.arn
    health_alarm_arn              = aws_cloudwatch_metric_alarm.health.arn
    memory_alarm_arn              = aws_cloudwatch_metric_alarm.memory.arn
    cpu_alarm_arn                 = aws_cloudwatch_metric_alarm.cpu.arn
    region                        = data.aws_region.current.id
    cluster_name                  = var.cluster_name
    metrics_log_group             = aws_cloudwatch_log_group.metrics.name
    lag_seconds_max               = var.lag_seconds_max
    memory_bytes_max              = var.memory_bytes_max
    cpu_percent_max               = var.cpu_percent_max
  })
}
