ALTER TABLE calls ADD COLUMN session_id UUID;
ALTER TABLE flow_work DROP CONSTRAINT ck_flow_work_kind;
ALTER TABLE flow_work ADD CONSTRAINT ck_flow_work_kind CHECK (kind IN ('send', 'webhook', 'input', 'receipt', 'dial', 'call'))
