"""`make demo`: what fcpin is for, shown on a local cloud, from the first deployment to the healed outage."""
