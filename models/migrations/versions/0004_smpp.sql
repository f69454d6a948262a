CREATE TABLE message_parts (
  tenant_id UUID NOT NULL,
  message_id UUID NOT NULL,
  part SMALLINT NOT NULL,
  channel_id UUID NOT NULL,
  provider_message_id TEXT,
  status TEXT NOT NULL,
  provider_code TEXT,
  reason TEXT,
  at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_message_parts PRIMARY KEY (tenant_id, message_id, part)
);
CREATE INDEX ix_message_parts_provider ON message_parts (tenant_id, channel_id, provider_message_id) WHERE provider_message_id IS NOT NULL;
CREATE TABLE inbound_parts (
  tenant_id UUID NOT NULL,
  channel_id UUID NOT NULL,
  sender TEXT NOT NULL,
  reference INTEGER NOT NULL,
  total SMALLINT NOT NULL,
  part SMALLINT NOT NULL,
  data_coding SMALLINT NOT NULL,
  octets BYTEA NOT NULL,
  received_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_inbound_parts PRIMARY KEY (tenant_id, channel_id, sender, reference, total, part)
);
CREATE INDEX ix_inbound_parts_received ON inbound_parts (tenant_id, received_at);
