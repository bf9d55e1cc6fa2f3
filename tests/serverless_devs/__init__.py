"""Files of Serverless Devs."""
