"""The rules as a policy pack: `pulumi preview --policy-pack policy-pack`. The rules are in rules.py."""

from datetime import UTC, datetime

import rules
from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)


def _pin(rule: rules.PinRule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type == rules.PINNED_FUNCTION and (violation := rule.violation(args.props, datetime.now(UTC))):
            report_violation(violation)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=_level(mandatory=rule.mandatory),
    )


def _stack(rule: rules.StackRule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        resources = [rules.Resource(each.resource_type, each.urn, each.props) for each in args.resources]
        for urn, violation in rule.violations(resources):
            report_violation(violation, urn)

    return StackValidationPolicy(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=_level(mandatory=rule.mandatory),
    )


def _level(*, mandatory: bool) -> EnforcementLevel:
    return EnforcementLevel.MANDATORY if mandatory else EnforcementLevel.ADVISORY


PolicyPack(
    name="fcpin",
    policies=[*(_pin(rule) for rule in rules.PIN_RULES), *(_stack(rule) for rule in rules.STACK_RULES)],
)
