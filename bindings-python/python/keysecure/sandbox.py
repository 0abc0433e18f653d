from ._native import Sandbox as Sandbox
