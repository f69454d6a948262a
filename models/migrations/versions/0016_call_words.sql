CREATE TABLE call_words (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  call_id UUID NOT NULL,
  contact_id UUID NOT NULL,
  key TEXT NOT NULL,
  at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  sequence INTEGER NOT NULL,
  speaker TEXT NOT NULL,
  user_id UUID,
  body TEXT NOT NULL,
  confidence FLOAT,
  CONSTRAINT pk_call_words PRIMARY KEY (tenant_id, id),
  CONSTRAINT ck_call_words_speaker CHECK (speaker IN ('contact', 'agent')),
  CONSTRAINT fk_call_words_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ix_call_words_key ON call_words (tenant_id, call_id, key);
CREATE INDEX ix_call_words_contact ON call_words (tenant_id, contact_id, id)
