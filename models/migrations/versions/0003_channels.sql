ALTER TABLE provider_accounts ADD COLUMN settings JSONB DEFAULT '{}'::jsonb NOT NULL;
ALTER TABLE provider_accounts ADD COLUMN status TEXT DEFAULT 'active' NOT NULL;
ALTER TABLE provider_accounts ADD COLUMN version INTEGER DEFAULT '1' NOT NULL;
ALTER TABLE provider_accounts DROP CONSTRAINT ck_provider_accounts_provider;
ALTER TABLE provider_accounts ADD CONSTRAINT ck_provider_accounts_provider CHECK (provider IN ('twilio', 'whatsapp_cloud', 'google_rcs', 'smpp', 'sip'));
ALTER TABLE provider_accounts ADD CONSTRAINT ck_provider_accounts_status CHECK (status IN ('active', 'paused'));
ALTER TABLE messages ADD COLUMN content JSONB;
ALTER TABLE messages ADD COLUMN purpose TEXT;
ALTER TABLE messages ADD COLUMN category TEXT;
ALTER TABLE messages ADD COLUMN plan JSONB;
ALTER TABLE messages ADD COLUMN first_id UUID;
ALTER TABLE messages ADD COLUMN next_id UUID;
ALTER TABLE messages ADD COLUMN history JSONB;
CREATE INDEX ix_messages_attempts ON messages (tenant_id, first_id) WHERE first_id IS NOT NULL;
-- voice
ALTER TABLE rates ADD COLUMN initial_s INTEGER DEFAULT '60' NOT NULL;
ALTER TABLE rates ADD COLUMN increment_s INTEGER DEFAULT '60' NOT NULL;
ALTER TABLE rates ADD CONSTRAINT ck_rates_seconds CHECK (initial_s BETWEEN 1 AND 3600 AND increment_s BETWEEN 1 AND 3600);
DROP FUNCTION rates_for(uuid);
DROP FUNCTION channel_of_account(uuid, text);
DROP INDEX ix_channels_account_address;
CREATE UNIQUE INDEX ix_channels_account_address ON channels (account_id, provider_address, kind);
CREATE TABLE calls (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  contact_id UUID NOT NULL,
  channel_id UUID NOT NULL,
  direction TEXT NOT NULL,
  address TEXT NOT NULL,
  script JSONB NOT NULL,
  status TEXT DEFAULT 'queued' NOT NULL,
  answered_by TEXT DEFAULT '' NOT NULL,
  position JSONB,
  turn INTEGER DEFAULT '0' NOT NULL,
  reply TEXT,
  steps JSONB DEFAULT '[]'::jsonb NOT NULL,
  gathered JSONB DEFAULT '[]'::jsonb NOT NULL,
  sequence INTEGER,
  provider_call_id TEXT,
  tariff JSONB,
  billed_s INTEGER DEFAULT '0' NOT NULL,
  price_micros BIGINT DEFAULT '0' NOT NULL,
  recording_url TEXT,
  recording_s INTEGER,
  error_code TEXT,
  reason TEXT,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  ringing_at TIMESTAMP(6) WITH TIME ZONE,
  answered_at TIMESTAMP(6) WITH TIME ZONE,
  ended_at TIMESTAMP(6) WITH TIME ZONE,
  duration_s INTEGER DEFAULT '0' NOT NULL,
  CONSTRAINT pk_calls PRIMARY KEY (tenant_id, id),
  CONSTRAINT ck_calls_direction CHECK (direction IN ('in', 'out'))
);
CREATE UNIQUE INDEX ix_calls_id ON calls (id);
CREATE INDEX ix_calls_contact ON calls (tenant_id, contact_id, id);
CREATE UNIQUE INDEX ix_calls_provider ON calls (tenant_id, channel_id, provider_call_id) WHERE provider_call_id IS NOT NULL;
-- media and templates
CREATE TABLE media (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  status TEXT NOT NULL,
  source TEXT NOT NULL,
  kind TEXT NOT NULL,
  mime_type TEXT DEFAULT '' NOT NULL,
  filename TEXT DEFAULT '' NOT NULL,
  sha256 TEXT,
  size_bytes BIGINT DEFAULT '0' NOT NULL,
  account_id UUID,
  provider_media_id TEXT,
  provider_url TEXT,
  uploads JSONB DEFAULT '{}'::jsonb NOT NULL,
  reason TEXT,
  attempts INTEGER DEFAULT '0' NOT NULL,
  due_at TIMESTAMP(6) WITH TIME ZONE,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_media PRIMARY KEY (tenant_id, id),
  CONSTRAINT ck_media_status CHECK (status IN ('pending', 'ready', 'failed')),
  CONSTRAINT ck_media_source CHECK (source IN ('upload', 'inbound'))
);
CREATE UNIQUE INDEX ix_media_id ON media (id);
CREATE INDEX ix_media_due ON media (due_at) WHERE status = 'pending';
CREATE TABLE message_templates (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  category TEXT NOT NULL,
  parameter_format TEXT NOT NULL,
  components JSONB NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  quality TEXT,
  provider_template_id TEXT,
  wish TEXT,
  attempts INTEGER DEFAULT '0' NOT NULL,
  due_at TIMESTAMP(6) WITH TIME ZONE,
  edited_at TIMESTAMP(6) WITH TIME ZONE,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_message_templates PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_message_templates_tenant_id_account_id_name_language UNIQUE (tenant_id, account_id, name, language),
  CONSTRAINT ck_message_templates_wish CHECK (wish IN ('create', 'edit', 'delete'))
);
CREATE INDEX ix_message_templates_due ON message_templates (due_at) WHERE wish IS NOT NULL;
-- attempts of one message
CREATE TABLE failovers (
  tenant_id UUID NOT NULL,
  message_id UUID NOT NULL,
  due_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_failovers PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX ix_failovers_due ON failovers (tenant_id, due_at);
