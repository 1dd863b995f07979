"""Simulator of outside parties: identity bureaus and a message gateway; every answer says that it is one."""
