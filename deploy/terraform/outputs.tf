output "bucket_name" {
  description = "LOG_BUCKET of the manifests"
  value       = aws_s3_bucket.logs.id
}

output "agent_role_arn" {
  description = "Role of the ServiceAccount logq-agent"
  value       = aws_iam_role.agent.arn
}

output "control_plane_role_arn" {
  description = "Role of the ServiceAccount logq-control-plane"
  value       = aws_iam_role.control_plane.arn
}

output "compact_role_arn" {
  description = "Role of the ServiceAccount logq-compact"
  value       = aws_iam_role.compact.arn
}

output "compact_policy_arn" {
  description = "Policy for who runs logq compact"
  value       = aws_iam_policy.compact.arn
}

output "query_policy_arn" {
  description = "Policy for who asks"
  value       = aws_iam_policy.query.arn
}

output "metrics_log_group_name" {
  description = "METRICS_LOG_GROUP of the manifests"
  value       = aws_cloudwatch_log_group.metrics.name
}

output "application_log_group_name" {
  description = "log_group_name of an output cloudwatch_logs"
  value       = one(aws_cloudwatch_log_group.application[*].name)
}

output "delivery_stream_name" {
  description = "delivery_stream of an output kinesis_firehose"
  value       = one(aws_kinesis_firehose_delivery_stream.logq[*].name)
}

output "store" {
  description = "--store of logq"
  value       = "s3://${aws_s3_bucket.logs.id}/${var.prefix}"
}
