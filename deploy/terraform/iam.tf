resource "aws_iam_role" "agent" {
  assume_role_policy = data.aws_iam_policy_document.agent_trust.json
}

resource "aws_iam_role_policy_attachment" "agent" {
  role       = aws_iam_role.agent.name
  policy_arn = aws_iam_policy.agent.arn
}

resource "aws_iam_role" "control_plane" {
  assume_role_policy = data.aws_iam_policy_document.control_plane_trust.json
}

resource "aws_iam_role_policy_attachment" "control_plane" {
  for_each   = { agent = aws_iam_policy.agent.arn, control_plane = aws_iam_policy.control_plane.arn }
  role       = aws_iam_role.control_plane.name
  policy_arn = each.value
}

resource "aws_iam_role" "compact" {
  assume_role_policy = data.aws_iam_policy_document.compact_trust.json
}

resource "aws_iam_role_policy_attachment" "compact" {
  role       = aws_iam_role.compact.name
  policy_arn = aws_iam_policy.compact.arn
}

resource "aws_iam_role" "firehose" {
  count              = var.with_firehose ? 1 : 0
  assume_role_policy = data.aws_iam_policy_document.firehose_trust.json
}

resource "aws_iam_role_policy" "firehose" {
  count  = var.with_firehose ? 1 : 0
  name   = "deliver"
  role   = aws_iam_role.firehose[0].name
  policy = data.aws_iam_policy_document.firehose.json
}

resource "aws_iam_policy" "agent" {
  description = "logq-agent stores logs and sends its own metrics"
  policy      = data.aws_iam_policy_document.agent.json
}

resource "aws_iam_policy" "control_plane" {
  description = "The reader of the control plane's logs reads them"
  policy      = data.aws_iam_policy_document.control_plane.json
}

# For who runs logq compact: a CronJob, or people.
resource "aws_iam_policy" "compact" {
  description = "logq compact merges the objects of closed hours"
  policy      = data.aws_iam_policy_document.compact.json
}

# For people, and roles of people: attach it.
resource "aws_iam_policy" "query" {
  description = "logq asks the logs, by itself and by Athena"
  policy      = data.aws_iam_policy_document.query.json
}
