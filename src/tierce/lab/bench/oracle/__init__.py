"""The oracle test of the gate: can answers that show nothing be told apart?"""
