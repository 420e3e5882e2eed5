"""Webhooks: subscriptions, the events that they are told of, and the deliveries of these events.

A delivery is written in the transaction of its event, so none is lost and none is made up. Workers send it until the
receiver has accepted it, or the attempts are used up.

Source: Standard Webhooks 1.0.0.
"""
