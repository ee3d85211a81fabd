"""Counterexamples as pages that a person can read.

texts, rules, settings   what the files say: specs, configurations, `docs/rules.md`, `specs/pages.toml`
dropped                  what a model has otherwise than its spec
lanes, scene             who does what in each step, and to whom
brief, diagram           that, as a sequence diagram
exhibit, page, html      all of it on a page for one model
why                      the pages of `docs/why/`, one for each rule
publish                  writes pages, or compares them
"""
