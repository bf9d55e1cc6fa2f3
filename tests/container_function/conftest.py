"""pulumi-alicloud warns of its deprecated resources when it is imported; nothing else may warn."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_alicloud

    loaded = [
        pulumi_alicloud.cs.RegistryEnterpriseRepo,
        pulumi_alicloud.ecs.SecurityGroup,
        pulumi_alicloud.fc.V3Function,
    ]
    loaded += [pulumi_alicloud.log.Store, pulumi_alicloud.ram.Role]
