"""The tables of a store, in its present format and its former one."""

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
TABLES_OF_FORMAT_1 = """
CREATE TABLE IF NOT EXISTS trials (
    key TEXT PRIMARY KEY, specification TEXT NOT NULL, measurement TEXT NOT NULL, finished TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS plans (
    hash TEXT PRIMARY KEY, claim TEXT NOT NULL, document TEXT NOT NULL, recorded TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, plan TEXT NOT NULL REFERENCES plans (hash), started TEXT NOT NULL, finished TEXT,
    trained INTEGER NOT NULL DEFAULT 0, reused INTEGER NOT NULL, verdict TEXT);
"""
