"""The tables of a store."""

TABLES = """
CREATE TABLE trials (
    key TEXT PRIMARY KEY, specification TEXT NOT NULL, measurement TEXT NOT NULL, finished TEXT NOT NULL,
    checksum TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE plans (
    hash TEXT PRIMARY KEY, claim TEXT NOT NULL, document TEXT NOT NULL, recorded TEXT NOT NULL,
    checksum TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, plan TEXT NOT NULL, started TEXT NOT NULL, finished TEXT,
    trained INTEGER NOT NULL, reused INTEGER NOT NULL, verdict TEXT, checksum TEXT NOT NULL);
CREATE TABLE damaged (origin TEXT NOT NULL, content TEXT NOT NULL, found TEXT NOT NULL);
"""
