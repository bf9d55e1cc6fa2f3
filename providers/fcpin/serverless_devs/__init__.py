"""Files of Serverless Devs (`s.yaml`): which functions they deploy, and from which images."""
