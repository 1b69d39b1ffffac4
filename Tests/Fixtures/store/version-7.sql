-- A store as version 7 of it was written. It is kept for ever: a store of any version opens with every later pawl.
PRAGMA user_version = 7;
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    user TEXT,
    login TEXT,
    terminal TEXT,
    host TEXT,
    unit TEXT,
    action TEXT NOT NULL,
    target TEXT,
    detail TEXT,
    outcome TEXT NOT NULL,
    reason TEXT
) STRICT;
INSERT INTO "audit" VALUES(1,1795000000000001,0,7,'root',NULL,NULL,NULL,NULL,'run','demo',NULL,'done',NULL);
CREATE TABLE events (
    run INTEGER NOT NULL REFERENCES runs(number),
    sequence INTEGER NOT NULL,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO "events" VALUES(1,1,1795000000000001,'run-created','{"file":"/demo.yaml","folder":"/var/lib/pawl/runs/a1b2c3d4","host":{"arch":"x86_64","cpus":1,"machine_id":"m","memory":1,"name":"h","os_version":"12"},"max_parallel":4,"text":"steps:\n  - {id: a, command: [\"true\"]}\n  - {id: b, command: [\"true\"]}\n","uid":0,"variables":{},"workflow":"demo"}');
INSERT INTO "events" VALUES(1,2,1795000000000002,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","number":1,"step":"a","unit":"pawl-step-a1b2c3d4.a.1.service"}');
INSERT INTO "events" VALUES(1,3,1795000000000003,'attempt-ended','{"number":1,"outcome":{"cpu_usec":1200,"ended":5,"exit_code":0,"memory_peak":4096,"output":"text","outputs":{"bytes":"7"},"result":"success","state":"succeeded"},"step":"a"}');
INSERT INTO "events" VALUES(1,4,1795000000000004,'step-ended','{"state":"succeeded","step":"a"}');
INSERT INTO "events" VALUES(1,5,1795000000000005,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","number":1,"step":"b","unit":"pawl-step-a1b2c3d4.b.1.service"}');
INSERT INTO "events" VALUES(1,6,1795000000000006,'attempt-ended','{"number":1,"outcome":{"cpu_usec":1200,"ended":5,"exit_code":0,"memory_peak":4096,"result":"success","state":"succeeded"},"step":"b"}');
INSERT INTO "events" VALUES(1,7,1795000000000007,'step-ended','{"state":"succeeded","step":"b"}');
INSERT INTO "events" VALUES(1,8,1795000000000008,'run-ended','{"state":"succeeded"}');
INSERT INTO "events" VALUES(2,1,1795000000000001,'run-created','{"file":"/demo.yaml","folder":"/var/lib/pawl/runs/b2c3d4e5","host":{"arch":"x86_64","cpus":1,"machine_id":"m","memory":1,"name":"h","os_version":"12"},"max_parallel":4,"text":"steps:\n  - {id: a, command: [\"true\"]}\n  - {id: b, command: [\"true\"]}\n","uid":0,"variables":{},"workflow":"demo"}');
INSERT INTO "events" VALUES(2,2,1795000000000002,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","number":1,"step":"a","unit":"pawl-step-b2c3d4e5.a.1.service"}');
INSERT INTO "events" VALUES(2,3,1795000000000003,'attempt-ended','{"number":1,"outcome":{"exit_code":3,"reason":"exit status 3","result":"exit-code","state":"failed"},"step":"a"}');
INSERT INTO "events" VALUES(2,4,1795000000000004,'delay-set','{"step":"a","until":77}');
INSERT INTO "events" VALUES(2,5,1795000000000005,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","number":2,"step":"a","unit":"pawl-step-b2c3d4e5.a.2.service"}');
INSERT INTO "events" VALUES(2,6,1795000000000006,'attempt-ended','{"number":2,"outcome":{"exit_code":3,"reason":"exit status 3","result":"exit-code","state":"failed"},"step":"a"}');
INSERT INTO "events" VALUES(2,7,1795000000000007,'step-ended','{"reason":"exit status 3","state":"failed","step":"a"}');
INSERT INTO "events" VALUES(2,8,1795000000000008,'step-ended','{"because":"a","reason":"step ''a'' did not succeed","state":"skipped","step":"b"}');
INSERT INTO "events" VALUES(2,9,1795000000000009,'run-ended','{"reason":"step ''a'' failed","state":"failed"}');
INSERT INTO "events" VALUES(3,1,1795000000000001,'run-created','{"file":"/demo.yaml","folder":"/var/lib/pawl/runs/c3d4e5f6","host":{"arch":"x86_64","cpus":1,"machine_id":"m","memory":1,"name":"h","os_version":"12"},"max_parallel":4,"text":"steps:\n  - {id: a, command: [\"true\"]}\n  - {id: b, command: [\"true\"]}\n","uid":0,"variables":{},"workflow":"demo"}');
INSERT INTO "events" VALUES(3,2,1795000000000002,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","number":1,"step":"a","unit":"pawl-step-c3d4e5f6.a.1.service"}');
INSERT INTO "events" VALUES(3,3,1795000000000003,'attempt-ended','{"number":1,"outcome":{"reason":"the host was lost while it ran","state":"interrupted"},"step":"a"}');
INSERT INTO "events" VALUES(3,4,1795000000000004,'run-stopped','{"reason":"step ''a'' was interrupted"}');
INSERT INTO "events" VALUES(4,1,1795000000000001,'run-created','{"file":"/demo.yaml","folder":"/var/lib/pawl/runs/d4e5f6g7","host":{"arch":"x86_64","cpus":1,"machine_id":"m","memory":1,"name":"h","os_version":"12"},"max_parallel":4,"text":"steps:\n  - {id: a, command: [\"true\"]}\n  - {id: b, command: [\"true\"]}\n","uid":0,"variables":{},"workflow":"demo"}');
INSERT INTO "events" VALUES(4,2,1795000000000002,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","number":1,"step":"a","unit":"pawl-step-d4e5f6g7.a.1.service"}');
INSERT INTO "events" VALUES(5,1,1795000000000001,'run-created','{"file":"/demo.yaml","folder":"/var/lib/pawl/runs/e5f6g7h8","host":{"arch":"x86_64","cpus":1,"machine_id":"m","memory":1,"name":"h","os_version":"12"},"max_parallel":4,"text":"steps:\n  - {id: a, command: [\"true\"]}\n  - {id: b, command: [\"true\"]}\n","uid":0,"variables":{},"workflow":"demo"}');
INSERT INTO "events" VALUES(5,2,1795000000000002,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","number":1,"step":"a","unit":"pawl-step-e5f6g7h8.a.1.service"}');
INSERT INTO "events" VALUES(5,3,1795000000000003,'cancel-requested','{"cause":"person","reason":"cancelled by uid 0"}');
INSERT INTO "events" VALUES(5,4,1795000000000004,'attempt-ended','{"number":1,"outcome":{"reason":"cancelled","result":"success","signal":"TERM","state":"cancelled"},"step":"a"}');
INSERT INTO "events" VALUES(5,5,1795000000000005,'step-ended','{"reason":"cancelled","state":"cancelled","step":"a"}');
INSERT INTO "events" VALUES(5,6,1795000000000006,'run-ended','{"reason":"cancelled by uid 0","state":"cancelled"}');
INSERT INTO "events" VALUES(5,7,1795000000000007,'run-resumed','{"retry":true,"uid":0}');
INSERT INTO "events" VALUES(5,8,1795000000000008,'cancel-requested','{"cause":"person","reason":"cancelled by uid 0"}');
INSERT INTO "events" VALUES(5,9,1795000000000009,'run-ended','{"reason":"cancelled by uid 0","state":"cancelled"}');
INSERT INTO "events" VALUES(6,1,1795000000000001,'run-created','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","file":"/demo.yaml","folder":"/var/lib/pawl/runs/f6g7h8j9","host":{"arch":"x86_64","cpus":1,"machine_id":"m","memory":1,"name":"h","os_version":"12"},"max_parallel":4,"text":"steps:\n  - {id: a, command: [\"true\", \"${item}\"], foreach: [1, 2]}\n  - {id: b, command: [\"true\"]}\n","uid":0,"variables":{},"workflow":"demo"}');
INSERT INTO "events" VALUES(6,2,1795000000000002,'step-expanded','{"items":[1,2],"step":"a"}');
INSERT INTO "events" VALUES(6,3,1795000000000003,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","item":0,"number":1,"step":"a","unit":"pawl-step-f6g7h8j9.a.0.1.service"}');
INSERT INTO "events" VALUES(6,4,1795000000000004,'attempt-ended','{"item":0,"number":1,"outcome":{"exit_code":0,"result":"success","state":"succeeded"},"step":"a"}');
INSERT INTO "events" VALUES(6,5,1795000000000005,'step-ended','{"item":0,"state":"succeeded","step":"a"}');
INSERT INTO "events" VALUES(6,6,1795000000000006,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","item":1,"number":1,"step":"a","unit":"pawl-step-f6g7h8j9.a.1.1.service"}');
INSERT INTO "events" VALUES(6,7,1795000000000007,'attempt-ended','{"item":1,"number":1,"outcome":{"exit_code":0,"result":"success","state":"succeeded"},"step":"a"}');
INSERT INTO "events" VALUES(6,8,1795000000000008,'step-ended','{"item":1,"state":"succeeded","step":"a"}');
INSERT INTO "events" VALUES(6,9,1795000000000009,'step-ended','{"state":"succeeded","step":"a"}');
INSERT INTO "events" VALUES(6,10,1795000000000010,'attempt-ordered','{"epoch":"0c6a9b5e-2d0c-4c7e-9a7c-6b1f0a4f9c11.1234567","number":1,"step":"b","unit":"pawl-step-f6g7h8j9.b.1.service"}');
CREATE TABLE recoveries (
    run INTEGER PRIMARY KEY REFERENCES runs(number),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO "recoveries" VALUES(4,1);
INSERT INTO "recoveries" VALUES(6,4);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    state TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    steps_done INTEGER NOT NULL,
    steps_total INTEGER NOT NULL
, parent TEXT, key TEXT) STRICT;
INSERT INTO "runs" VALUES(1,'a1b2c3d4','demo','succeeded',1795000000000000,1795000000000008,2,2,NULL,'nightly');
INSERT INTO "runs" VALUES(2,'b2c3d4e5','demo','failed',1795000000000000,1795000000000009,2,2,NULL,NULL);
INSERT INTO "runs" VALUES(3,'c3d4e5f6','demo','stopped',1795000000000000,NULL,0,2,NULL,NULL);
INSERT INTO "runs" VALUES(4,'d4e5f6g7','demo','running',1795000000000000,NULL,0,2,NULL,NULL);
INSERT INTO "runs" VALUES(5,'e5f6g7h8','demo','cancelled',1795000000000000,1795000000000009,2,2,NULL,NULL);
INSERT INTO "runs" VALUES(6,'f6g7h8j9','demo','running',1795000000000000,NULL,1,2,NULL,NULL);
CREATE INDEX runs_open ON runs(number) WHERE ended IS NULL;
CREATE INDEX runs_name ON runs(workflow, id);
CREATE INDEX runs_parent ON runs(parent) WHERE parent IS NOT NULL;
CREATE INDEX runs_ended ON runs(ended) WHERE ended IS NOT NULL AND parent IS NULL;
CREATE INDEX audit_time ON audit(time);
CREATE INDEX runs_key ON runs(key) WHERE key IS NOT NULL;
