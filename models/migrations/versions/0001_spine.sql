CREATE TABLE api_keys (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    key_hash BYTEA NOT NULL,
    last4 TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    created_by UUID,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP(6) WITH TIME ZONE,
    last_used_at TIMESTAMP(6) WITH TIME ZONE,
    revoked_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_api_keys PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX ix_api_keys_key_hash ON api_keys (key_hash);
CREATE TABLE channels (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    provider_address TEXT NOT NULL,
    status TEXT DEFAULT 'active' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_channels PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_channels_kind CHECK (kind IN ('sms', 'whatsapp', 'rcs', 'voice'))
);
CREATE UNIQUE INDEX ix_channels_account_address ON channels (account_id, provider_address);
CREATE TABLE contacts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    language TEXT DEFAULT '' NOT NULL,
    time_zone TEXT DEFAULT '' NOT NULL,
    attributes JSONB DEFAULT '{}'::jsonb NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_contacts PRIMARY KEY (tenant_id, id)
);
CREATE TABLE flows (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    definition JSONB NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_flows PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_flows_tenant_id_name UNIQUE (tenant_id, name)
);
CREATE TABLE holds (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    amount_micros BIGINT NOT NULL,
    captured_micros BIGINT DEFAULT '0' NOT NULL,
    released_micros BIGINT DEFAULT '0' NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    fingerprint TEXT DEFAULT '' NOT NULL,
    granted INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_holds PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_holds_kind CHECK (kind IN ('single', 'block')),
    CONSTRAINT ck_holds_state CHECK (state IN ('open', 'captured', 'voided', 'expired', 'closed')),
    CONSTRAINT ck_holds_amounts CHECK (amount_micros >= 0 AND captured_micros >= 0 AND released_micros >= 0),
    CONSTRAINT ck_holds_remainder CHECK (captured_micros + released_micros <= amount_micros)
);
CREATE INDEX ix_holds_open ON holds (tenant_id, expires_at) WHERE state = 'open';
CREATE TABLE idempotency_keys (
    tenant_id UUID NOT NULL,
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status INTEGER,
    body JSONB,
    finished BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant_id, principal, key)
);
CREATE TABLE inbox (
    tenant_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    event_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload JSONB NOT NULL,
    received_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    done_at TIMESTAMP(6) WITH TIME ZONE,
    attempts INTEGER DEFAULT '0' NOT NULL,
    error TEXT,
    CONSTRAINT pk_inbox PRIMARY KEY (tenant_id, channel_id, event_key)
);
CREATE INDEX ix_inbox_pending ON inbox (tenant_id, received_at) WHERE done_at IS NULL;
CREATE TABLE intent_versions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    number INTEGER NOT NULL,
    status TEXT DEFAULT 'candidate' NOT NULL,
    encoder_id TEXT NOT NULL,
    encoder_sha256 TEXT NOT NULL,
    data_sha256 TEXT NOT NULL,
    labels JSONB NOT NULL,
    report JSONB NOT NULL,
    artifact BYTEA NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    published_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_intent_versions PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_intent_versions_tenant_id_number UNIQUE (tenant_id, number),
    CONSTRAINT ck_intent_versions_status CHECK (status IN ('candidate', 'live', 'retired'))
);
CREATE UNIQUE INDEX ix_intent_versions_id ON intent_versions (id);
CREATE TABLE ledger_entries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    transaction_id UUID NOT NULL,
    source_type TEXT NOT NULL,
    source_id UUID NOT NULL,
    kind TEXT NOT NULL,
    leg INTEGER DEFAULT '0' NOT NULL,
    debit_account TEXT NOT NULL,
    credit_account TEXT NOT NULL,
    amount_micros BIGINT NOT NULL,
    currency TEXT NOT NULL,
    hold_id UUID,
    reverses_id UUID,
    note TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ledger_entries PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_ledger_entries_source UNIQUE (tenant_id, source_type, source_id, kind, leg),
    CONSTRAINT ck_ledger_entries_amount CHECK (amount_micros > 0),
    CONSTRAINT ck_ledger_entries_two_accounts CHECK (debit_account <> credit_account)
);
CREATE TABLE messages (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    channel_kind TEXT NOT NULL,
    direction TEXT NOT NULL,
    origin TEXT NOT NULL,
    origin_id UUID,
    address TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    error_code TEXT,
    provider_message_id TEXT,
    parts SMALLINT DEFAULT '1' NOT NULL,
    price_micros BIGINT DEFAULT '0' NOT NULL,
    currency TEXT,
    rate_id UUID,
    hold_id UUID,
    settlement TEXT,
    intent TEXT,
    confidence FLOAT,
    intent_version_id UUID,
    routing JSONB,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    sent_at TIMESTAMP(6) WITH TIME ZONE,
    delivered_at TIMESTAMP(6) WITH TIME ZONE,
    read_at TIMESTAMP(6) WITH TIME ZONE,
    failed_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_messages PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_messages_direction CHECK (direction IN ('in', 'out')),
    CONSTRAINT ck_messages_settlement CHECK (settlement IN ('captured', 'released'))
);
CREATE INDEX ix_messages_origin ON messages (tenant_id, origin_id) WHERE origin = 'campaign';
CREATE UNIQUE INDEX ix_messages_provider ON messages (tenant_id, channel_id, provider_message_id) WHERE provider_message_id IS NOT NULL;
CREATE INDEX ix_messages_thread ON messages (tenant_id, contact_id, id);
CREATE TABLE outbox (
    tenant_id UUID NOT NULL,
    message_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    lane SMALLINT NOT NULL,
    state TEXT DEFAULT 'queued' NOT NULL,
    due_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    claimed_at TIMESTAMP(6) WITH TIME ZONE,
    claimed_by TEXT,
    attempts SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (tenant_id, message_id),
    CONSTRAINT ck_outbox_state CHECK (state IN ('queued', 'sending', 'unknown'))
);
CREATE INDEX ix_outbox_claimed ON outbox (tenant_id, claimed_at) WHERE state <> 'queued';
CREATE INDEX ix_outbox_queued ON outbox (tenant_id, lane, message_id) WHERE state = 'queued';
CREATE TABLE provider_accounts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT NOT NULL,
    base_url TEXT NOT NULL,
    credentials TEXT NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_provider_accounts PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_provider_accounts_provider CHECK (provider IN ('twilio', 'whatsapp_cloud'))
);
CREATE UNIQUE INDEX ix_provider_accounts_id ON provider_accounts (id);
CREATE TABLE queues (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_queues PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_queues_tenant_id_name UNIQUE (tenant_id, name)
);
CREATE TABLE rate_cards (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    channel_kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    exclusive BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_rate_cards PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_rate_cards_tenant_id_name_version UNIQUE (tenant_id, name, version)
);
CREATE TABLE settlements (
    tenant_id UUID NOT NULL,
    message_id UUID NOT NULL,
    hold_id UUID NOT NULL,
    kind TEXT NOT NULL,
    amount_micros BIGINT NOT NULL,
    revenue_account TEXT NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_settlements PRIMARY KEY (tenant_id, message_id),
    CONSTRAINT ck_settlements_kind CHECK (kind IN ('capture', 'release'))
);
CREATE TABLE tenants (
    id UUID NOT NULL,
    parent_id UUID,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    status TEXT DEFAULT 'active' NOT NULL,
    depth SMALLINT NOT NULL,
    currency TEXT DEFAULT 'EUR' NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    default_country TEXT DEFAULT 'US' NOT NULL,
    brand JSONB DEFAULT '{}'::jsonb NOT NULL,
    intent_version_id UUID,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_tenants PRIMARY KEY (id),
    CONSTRAINT ck_tenants_kind CHECK (kind IN ('platform', 'organization', 'sub_organization')),
    CONSTRAINT ck_tenants_status CHECK (status IN ('active', 'suspended', 'closing', 'closed')),
    CONSTRAINT fk_tenants_parent_id FOREIGN KEY(parent_id) REFERENCES tenants (id),
    CONSTRAINT uq_tenants_slug UNIQUE (slug)
);
CREATE TABLE unrouted_events (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    event_key TEXT NOT NULL,
    reason TEXT NOT NULL,
    payload JSONB NOT NULL,
    received_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_unrouted_events PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_unrouted_events_tenant_id_account_id_event_key UNIQUE (tenant_id, account_id, event_key)
);
CREATE TABLE users (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    roles TEXT[] DEFAULT '{}' NOT NULL,
    status TEXT DEFAULT 'active' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_users_tenant_id_email UNIQUE (tenant_id, email)
);
CREATE INDEX ix_users_email ON users (email);
CREATE TABLE wallets (
    tenant_id UUID NOT NULL,
    currency TEXT NOT NULL,
    balance_micros BIGINT DEFAULT '0' NOT NULL,
    held_micros BIGINT DEFAULT '0' NOT NULL,
    credit_limit_micros BIGINT DEFAULT '0' NOT NULL,
    overdrawn BOOLEAN DEFAULT false NOT NULL,
    late_captures INTEGER DEFAULT '0' NOT NULL,
    writer_epoch BIGINT DEFAULT '0' NOT NULL,
    updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_wallets PRIMARY KEY (tenant_id),
    CONSTRAINT ck_wallets_held CHECK (held_micros >= 0),
    CONSTRAINT ck_wallets_credit_limit CHECK (credit_limit_micros >= 0),
    CONSTRAINT ck_wallets_available CHECK (overdrawn OR balance_micros + credit_limit_micros - held_micros >= 0)
);
CREATE TABLE campaigns (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    reason TEXT,
    audience JSONB NOT NULL,
    template TEXT NOT NULL,
    variables JSONB DEFAULT '{}'::jsonb NOT NULL,
    channel_id UUID NOT NULL,
    flow_id UUID,
    recipients BIGINT DEFAULT '0' NOT NULL,
    created_by TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    launched_at TIMESTAMP(6) WITH TIME ZONE,
    finished_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_campaigns PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_campaigns_tenant_id_channel_id FOREIGN KEY(tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    CONSTRAINT fk_campaigns_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id),
    CONSTRAINT ck_campaigns_status CHECK (status IN ('draft', 'running', 'paused', 'completed', 'canceled'))
);
CREATE TABLE consents (
    tenant_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    channel_kind TEXT NOT NULL,
    purpose TEXT DEFAULT 'all' NOT NULL,
    state TEXT NOT NULL,
    source TEXT NOT NULL,
    proof TEXT DEFAULT '' NOT NULL,
    changed_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_consents PRIMARY KEY (tenant_id, contact_id, channel_kind, purpose),
    CONSTRAINT fk_consents_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_consents_state CHECK (state IN ('opted_in', 'opted_out'))
);
CREATE TABLE contact_addresses (
    tenant_id UUID NOT NULL,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    contact_id UUID NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_contact_addresses PRIMARY KEY (tenant_id, kind, address),
    CONSTRAINT fk_contact_addresses_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_contact_addresses_kind CHECK (kind IN ('phone', 'whatsapp', 'rcs', 'sip'))
);
CREATE INDEX ix_contact_addresses_contact ON contact_addresses (tenant_id, contact_id);
CREATE TABLE contact_tags (
    tenant_id UUID NOT NULL,
    tag TEXT NOT NULL,
    contact_id UUID NOT NULL,
    CONSTRAINT pk_contact_tags PRIMARY KEY (tenant_id, tag, contact_id),
    CONSTRAINT fk_contact_tags_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_contact_tags_contact ON contact_tags (tenant_id, contact_id);
CREATE TABLE conversations (
    tenant_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    version BIGINT DEFAULT '1' NOT NULL,
    status TEXT DEFAULT 'idle' NOT NULL,
    queue_id UUID,
    assignee_id UUID,
    session JSONB,
    opted_out JSONB DEFAULT '[]'::jsonb NOT NULL,
    channel_id UUID,
    address TEXT DEFAULT '' NOT NULL,
    last_text TEXT DEFAULT '' NOT NULL,
    last_direction TEXT DEFAULT 'in' NOT NULL,
    last_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    last_inbound_at TIMESTAMP(6) WITH TIME ZONE,
    unread INTEGER DEFAULT '0' NOT NULL,
    intent TEXT,
    confidence FLOAT,
    reason TEXT DEFAULT '' NOT NULL,
    opened_at TIMESTAMP(6) WITH TIME ZONE,
    closed_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_conversations PRIMARY KEY (tenant_id, contact_id),
    CONSTRAINT fk_conversations_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_conversations_status CHECK (status IN ('idle', 'open', 'closed'))
);
CREATE INDEX ix_conversations_assignee ON conversations (tenant_id, assignee_id) WHERE status = 'open';
CREATE INDEX ix_conversations_list ON conversations (tenant_id, status, last_at, contact_id);
CREATE INDEX ix_conversations_queue ON conversations (tenant_id, queue_id, last_at) WHERE status = 'open';
CREATE TABLE queue_members (
    tenant_id UUID NOT NULL,
    queue_id UUID NOT NULL,
    user_id UUID NOT NULL,
    CONSTRAINT pk_queue_members PRIMARY KEY (tenant_id, queue_id, user_id),
    CONSTRAINT fk_queue_members_tenant_id_queue_id FOREIGN KEY(tenant_id, queue_id) REFERENCES queues (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_queue_members_tenant_id_user_id FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE rates (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    card_id UUID NOT NULL,
    prefix TEXT DEFAULT '' NOT NULL,
    category TEXT DEFAULT '*' NOT NULL,
    price NUMERIC(20, 9) NOT NULL,
    free BOOLEAN DEFAULT false NOT NULL,
    valid_from DATE DEFAULT '2020-01-01' NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_rates PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_rates_tenant_id_card_id FOREIGN KEY(tenant_id, card_id) REFERENCES rate_cards (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT uq_rates_match UNIQUE (tenant_id, card_id, prefix, category, valid_from),
    CONSTRAINT ck_rates_price CHECK (price > 0 OR (price = 0 AND free))
);
CREATE TABLE routing_rules (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    match TEXT DEFAULT '' NOT NULL,
    threshold FLOAT DEFAULT 0 NOT NULL,
    queue_id UUID,
    flow_id UUID,
    CONSTRAINT pk_routing_rules PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_routing_rules_tenant_id_queue_id FOREIGN KEY(tenant_id, queue_id) REFERENCES queues (tenant_id, id),
    CONSTRAINT fk_routing_rules_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id),
    CONSTRAINT ck_routing_rules_kind CHECK (kind IN ('keyword', 'intent', 'fallback')),
    CONSTRAINT ck_routing_rules_one_target CHECK ((queue_id IS NULL) <> (flow_id IS NULL))
);
CREATE INDEX ix_routing_rules_order ON routing_rules (tenant_id, position);
CREATE TABLE sessions (
    tenant_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    user_id UUID NOT NULL,
    acting_tenant_id UUID NOT NULL,
    csrf_token TEXT NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    last_seen_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT fk_sessions_tenant_id_user_id FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ix_sessions_token_hash ON sessions (token_hash);
CREATE TABLE tenant_closure (
    ancestor_id UUID NOT NULL,
    descendant_id UUID NOT NULL,
    depth INTEGER NOT NULL,
    CONSTRAINT pk_tenant_closure PRIMARY KEY (ancestor_id, descendant_id),
    CONSTRAINT fk_tenant_closure_ancestor_id FOREIGN KEY(ancestor_id) REFERENCES tenants (id),
    CONSTRAINT fk_tenant_closure_descendant_id FOREIGN KEY(descendant_id) REFERENCES tenants (id)
);
CREATE INDEX ix_tenant_closure_descendant ON tenant_closure (descendant_id, depth);
CREATE TABLE campaign_batches (
    tenant_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    first_ordinal BIGINT NOT NULL,
    last_ordinal BIGINT NOT NULL,
    hold_id UUID NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    messages INTEGER DEFAULT '0' NOT NULL,
    refused INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_campaign_batches PRIMARY KEY (tenant_id, campaign_id, first_ordinal),
    CONSTRAINT fk_campaign_batches_tenant_id_campaign_id FOREIGN KEY(tenant_id, campaign_id) REFERENCES campaigns (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_campaign_batches_state CHECK (state IN ('pending', 'sent', 'canceled'))
);
CREATE INDEX ix_campaign_batches_pending ON campaign_batches (tenant_id, campaign_id) WHERE state = 'pending';
CREATE TABLE campaign_recipients (
    tenant_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    ordinal BIGINT NOT NULL,
    contact_id UUID NOT NULL,
    CONSTRAINT pk_campaign_recipients PRIMARY KEY (tenant_id, campaign_id, ordinal),
    CONSTRAINT fk_campaign_recipients_tenant_id_campaign_id FOREIGN KEY(tenant_id, campaign_id) REFERENCES campaigns (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ix_campaign_recipients_contact ON campaign_recipients (tenant_id, campaign_id, contact_id);
ALTER TABLE messages SET (fillfactor = 80);
ALTER TABLE conversations SET (fillfactor = 80);
