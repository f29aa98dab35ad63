BEGIN TRANSACTION;
CREATE TABLE corrections (
            id TEXT NOT NULL PRIMARY KEY,
            label TEXT NOT NULL,
            time TEXT NOT NULL
        ) WITHOUT ROWID;
INSERT INTO "corrections" VALUES('01JT5NH1W80000000000000000','beagle','2026-05-02T08:00:00.000Z');
CREATE TABLE events (
            id TEXT NOT NULL,
            phase TEXT NOT NULL,
            time TEXT NOT NULL,
            source TEXT NOT NULL,
            task TEXT NOT NULL,
            label TEXT NOT NULL,
            score REAL NOT NULL,
            json TEXT NOT NULL,
            PRIMARY KEY (id, phase)
        );
INSERT INTO "events" VALUES('01JT5NH1W80000000000000000','seen','2026-05-01T12:30:00.000Z','door','dogs','golden_retriever',0.5,'{"schema":1,"id":"01JT5NH1W80000000000000000","phase":"seen","time":"2026-05-01T12:30:00.000Z","source":"door","task":"dogs","label":"golden_retriever","name":"golden retriever","score":0.5,"top":[["golden_retriever",0.5]],"box":[0.25,0.25,0.5,0.5],"place":null,"model":"mobilenet_v2","model_sha256":"0000000000000000000000000000000000000000000000000000000000000000","latency_ms":{"infer":4.1},"first_seen":"2026-05-01T12:30:00.000Z","last_seen":"2026-05-01T12:30:00.000Z","hits":3}');
INSERT INTO "events" VALUES('01JT5NH1W80000000000000000','ended','2026-05-01T12:30:00.000Z','door','dogs','golden_retriever',0.5,'{"schema":1,"id":"01JT5NH1W80000000000000000","phase":"ended","time":"2026-05-01T12:30:00.000Z","source":"door","task":"dogs","label":"golden_retriever","name":"golden retriever","score":0.5,"top":[["golden_retriever",0.5]],"box":[0.25,0.25,0.5,0.5],"place":null,"model":"mobilenet_v2","model_sha256":"0000000000000000000000000000000000000000000000000000000000000000","latency_ms":{"infer":4.1},"first_seen":"2026-05-01T12:30:00.000Z","last_seen":"2026-05-01T12:30:00.000Z","hits":3}');
INSERT INTO "events" VALUES('01JT5NH1W80000000000000001','seen','2026-05-01T12:30:01.000Z','door','dogs','pug',0.51,'{"schema":1,"id":"01JT5NH1W80000000000000001","phase":"seen","time":"2026-05-01T12:30:01.000Z","source":"door","task":"dogs","label":"pug","name":"pug","score":0.51,"top":[["pug",0.51]],"box":[0.25,0.25,0.5,0.5],"place":null,"model":"mobilenet_v2","model_sha256":"0000000000000000000000000000000000000000000000000000000000000000","latency_ms":{"infer":4.1},"first_seen":"2026-05-01T12:30:01.000Z","last_seen":"2026-05-01T12:30:01.000Z","hits":3}');
INSERT INTO "events" VALUES('01JT5NH1W80000000000000001','ended','2026-05-01T12:30:01.000Z','door','dogs','pug',0.51,'{"schema":1,"id":"01JT5NH1W80000000000000001","phase":"ended","time":"2026-05-01T12:30:01.000Z","source":"door","task":"dogs","label":"pug","name":"pug","score":0.51,"top":[["pug",0.51]],"box":[0.25,0.25,0.5,0.5],"place":null,"model":"mobilenet_v2","model_sha256":"0000000000000000000000000000000000000000000000000000000000000000","latency_ms":{"infer":4.1},"first_seen":"2026-05-01T12:30:01.000Z","last_seen":"2026-05-01T12:30:01.000Z","hits":3}');
INSERT INTO "events" VALUES('01JT5NH1W80000000000000002','seen','2026-05-01T12:30:02.000Z','door','dogs','café_au_lait',0.52,'{"schema":1,"id":"01JT5NH1W80000000000000002","phase":"seen","time":"2026-05-01T12:30:02.000Z","source":"door","task":"dogs","label":"café_au_lait","name":"café au lait","score":0.52,"top":[["café_au_lait",0.52]],"box":[0.25,0.25,0.5,0.5],"place":null,"model":"mobilenet_v2","model_sha256":"0000000000000000000000000000000000000000000000000000000000000000","latency_ms":{"infer":4.1},"first_seen":"2026-05-01T12:30:02.000Z","last_seen":"2026-05-01T12:30:02.000Z","hits":3}');
INSERT INTO "events" VALUES('01JT5NH1W80000000000000002','ended','2026-05-01T12:30:02.000Z','door','dogs','café_au_lait',0.52,'{"schema":1,"id":"01JT5NH1W80000000000000002","phase":"ended","time":"2026-05-01T12:30:02.000Z","source":"door","task":"dogs","label":"café_au_lait","name":"café au lait","score":0.52,"top":[["café_au_lait",0.52]],"box":[0.25,0.25,0.5,0.5],"place":null,"model":"mobilenet_v2","model_sha256":"0000000000000000000000000000000000000000000000000000000000000000","latency_ms":{"infer":4.1},"first_seen":"2026-05-01T12:30:02.000Z","last_seen":"2026-05-01T12:30:02.000Z","hits":3}');
CREATE TABLE files (
            path TEXT NOT NULL,
            id TEXT NOT NULL,
            kind TEXT NOT NULL,
            time TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (path, id)
        ) WITHOUT ROWID;
INSERT INTO "files" VALUES('/var/lib/edgevision/pictures/a.jpg','01JT5NH1W80000000000000000','full','2026-05-01T12:30:00.000Z',1234,'abc');
CREATE TABLE pins (
            id TEXT NOT NULL PRIMARY KEY,
            time TEXT NOT NULL
        ) WITHOUT ROWID;
INSERT INTO "pins" VALUES('01JT5NH1W80000000000000001','2026-05-02T08:00:00.000Z');
CREATE INDEX events_by_time ON events (time);
CREATE INDEX events_by_label ON events (task, label, time);
CREATE INDEX files_by_id ON files (id);
CREATE INDEX files_by_time ON files (time);
CREATE INDEX corrections_by_label ON corrections (label);
CREATE INDEX events_by_task ON events (task, time);
CREATE INDEX events_by_source ON events (source, time);
CREATE INDEX events_by_score ON events (score);
COMMIT;
PRAGMA application_id = 1163290995;
PRAGMA user_version = 2;
