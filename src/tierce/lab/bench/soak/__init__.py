"""Many browsers at the portal of a whole installation, for as long as asked: does its memory stay flat?"""
