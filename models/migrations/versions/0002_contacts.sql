ALTER TABLE contacts ADD COLUMN name_key TEXT COLLATE "C" GENERATED ALWAYS AS (lower(name)) STORED;
ALTER TABLE contacts ADD COLUMN import_id UUID;
CREATE INDEX ix_contacts_name ON contacts (tenant_id, name_key, id) WITH (deduplicate_items = off);
ALTER TABLE contact_addresses ADD COLUMN position SMALLINT DEFAULT '0' NOT NULL;
ALTER TABLE consents ADD COLUMN changed_by TEXT DEFAULT '' NOT NULL;
CREATE INDEX ix_consents_opted_out ON consents (tenant_id, channel_kind, contact_id) INCLUDE (purpose) WHERE state = 'opted_out';
CREATE INDEX ix_inbox_failed ON inbox (tenant_id, received_at) WHERE error IS NOT NULL;
CREATE TABLE attribute_definitions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    key TEXT NOT NULL,
    label TEXT NOT NULL,
    type TEXT NOT NULL,
    choices TEXT[] DEFAULT '{}' NOT NULL,
    indexed BOOLEAN DEFAULT 'false' NOT NULL,
    position INTEGER DEFAULT '0' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_attribute_definitions PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_attribute_definitions_tenant_id_key UNIQUE (tenant_id, key),
    CONSTRAINT ck_attribute_definitions_type CHECK (type IN ('text', 'number', 'boolean', 'date', 'choice'))
);
CREATE TABLE contact_values (
    tenant_id UUID NOT NULL,
    attribute_id UUID NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    contact_id UUID NOT NULL,
    CONSTRAINT pk_contact_values PRIMARY KEY (tenant_id, attribute_id, value, contact_id),
    CONSTRAINT fk_contact_values_tenant_id_attribute_id FOREIGN KEY(tenant_id, attribute_id) REFERENCES attribute_definitions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_contact_values_contact ON contact_values (tenant_id, contact_id);
CREATE TABLE activities (
    tenant_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    id UUID NOT NULL,
    at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT DEFAULT '' NOT NULL,
    data JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT pk_activities PRIMARY KEY (tenant_id, contact_id, id)
);
CREATE TABLE contact_events (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    key TEXT,
    properties JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT pk_contact_events PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_contact_events_contact ON contact_events (tenant_id, contact_id, at);
CREATE UNIQUE INDEX ix_contact_events_key ON contact_events (tenant_id, key) WHERE key IS NOT NULL;
CREATE INDEX ix_contact_events_name ON contact_events (tenant_id, name, at) INCLUDE (contact_id);
CREATE TABLE contact_merges (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    winner_id UUID NOT NULL,
    loser_id UUID NOT NULL,
    snapshot JSONB NOT NULL,
    merged_by TEXT DEFAULT '' NOT NULL,
    merged_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    undone_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_contact_merges PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_contact_merges_loser ON contact_merges (tenant_id, loser_id);
CREATE INDEX ix_contact_merges_winner ON contact_merges (tenant_id, winner_id);
CREATE TABLE contact_erasures (
    tenant_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    report JSONB NOT NULL,
    erased_by TEXT DEFAULT '' NOT NULL,
    erased_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_contact_erasures PRIMARY KEY (tenant_id, contact_id)
);
CREATE TABLE suppressions (
    tenant_id UUID NOT NULL,
    kind TEXT NOT NULL,
    address_hash BYTEA NOT NULL,
    address TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    source TEXT NOT NULL,
    created_by TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_suppressions PRIMARY KEY (tenant_id, kind, address_hash),
    CONSTRAINT ck_suppressions_kind CHECK (kind IN ('phone', 'whatsapp', 'rcs', 'sip'))
);
CREATE TABLE segments (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    kind TEXT NOT NULL,
    condition JSONB,
    version INTEGER DEFAULT '1' NOT NULL,
    members BIGINT,
    created_by TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_segments PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_segments_kind CHECK (kind IN ('dynamic', 'static')),
    CONSTRAINT ck_segments_condition CHECK ((kind = 'dynamic') = (condition IS NOT NULL))
);
CREATE UNIQUE INDEX ix_segments_name ON segments (tenant_id, name) WHERE archived_at IS NULL;
CREATE TABLE segment_versions (
    tenant_id UUID NOT NULL,
    segment_id UUID NOT NULL,
    version INTEGER NOT NULL,
    condition JSONB NOT NULL,
    created_by TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_segment_versions PRIMARY KEY (tenant_id, segment_id, version),
    CONSTRAINT fk_segment_versions_tenant_id_segment_id FOREIGN KEY(tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE segment_members (
    tenant_id UUID NOT NULL,
    segment_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    CONSTRAINT pk_segment_members PRIMARY KEY (tenant_id, segment_id, contact_id),
    CONSTRAINT fk_segment_members_tenant_id_segment_id FOREIGN KEY(tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_segment_members_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_segment_members_contact ON segment_members (tenant_id, contact_id);
CREATE TABLE imports (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    state TEXT DEFAULT 'uploaded' NOT NULL,
    size_bytes BIGINT DEFAULT '0' NOT NULL,
    file JSONB DEFAULT '{}'::jsonb NOT NULL,
    options JSONB DEFAULT '{}'::jsonb NOT NULL,
    totals JSONB DEFAULT '{}'::jsonb NOT NULL,
    rows_done BIGINT DEFAULT '0' NOT NULL,
    rows_total BIGINT,
    checkpoint JSONB,
    cancel_asked INTEGER DEFAULT '0' NOT NULL,
    error JSONB,
    created_by TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP(6) WITH TIME ZONE,
    finished_at TIMESTAMP(6) WITH TIME ZONE,
    CONSTRAINT pk_imports PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_imports_state CHECK (state IN ('uploaded', 'checking', 'checked', 'running', 'completed', 'canceled', 'failed', 'undoing', 'undone'))
);
CREATE INDEX ix_imports_active ON imports (state) WHERE state IN ('checking', 'running', 'undoing');
CREATE TABLE import_chunks (
    tenant_id UUID NOT NULL,
    import_id UUID NOT NULL,
    number INTEGER NOT NULL,
    data BYTEA NOT NULL,
    CONSTRAINT pk_import_chunks PRIMARY KEY (tenant_id, import_id, number),
    CONSTRAINT fk_import_chunks_tenant_id_import_id FOREIGN KEY(tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE import_errors (
    tenant_id UUID NOT NULL,
    import_id UUID NOT NULL,
    row_number BIGINT NOT NULL,
    place INTEGER NOT NULL,
    column_name TEXT DEFAULT '' NOT NULL,
    code TEXT NOT NULL,
    value TEXT DEFAULT '' NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT pk_import_errors PRIMARY KEY (tenant_id, import_id, row_number, place),
    CONSTRAINT fk_import_errors_tenant_id_import_id FOREIGN KEY(tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE import_fixes (
    tenant_id UUID NOT NULL,
    import_id UUID NOT NULL,
    row_number BIGINT NOT NULL,
    cells JSONB NOT NULL,
    CONSTRAINT pk_import_fixes PRIMARY KEY (tenant_id, import_id, row_number),
    CONSTRAINT fk_import_fixes_tenant_id_import_id FOREIGN KEY(tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE import_changes (
    tenant_id UUID NOT NULL,
    import_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    before JSONB NOT NULL,
    after JSONB NOT NULL,
    CONSTRAINT pk_import_changes PRIMARY KEY (tenant_id, import_id, contact_id),
    CONSTRAINT fk_import_changes_tenant_id_import_id FOREIGN KEY(tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE import_mappings (
    tenant_id UUID NOT NULL,
    header_hash BYTEA NOT NULL,
    options JSONB NOT NULL,
    used_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_import_mappings PRIMARY KEY (tenant_id, header_hash)
);
CREATE TABLE audit_log (
    tenant_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    ip TEXT DEFAULT '' NOT NULL,
    request_id TEXT DEFAULT '' NOT NULL,
    data JSONB DEFAULT '{}'::jsonb NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (tenant_id, seq)
);
CREATE TABLE saved_views (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    area TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT DEFAULT '' NOT NULL,
    config JSONB NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_saved_views PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_saved_views_tenant_id_area_owner_name UNIQUE (tenant_id, area, owner, name)
);
ALTER TABLE routing_rules ADD COLUMN segment_id UUID;
ALTER TABLE routing_rules ADD CONSTRAINT fk_routing_rules_tenant_id_segment_id FOREIGN KEY (tenant_id, segment_id) REFERENCES segments (tenant_id, id);
ALTER TABLE contact_addresses DROP CONSTRAINT fk_contact_addresses_tenant_id_contact_id;
ALTER TABLE contact_tags DROP CONSTRAINT fk_contact_tags_tenant_id_contact_id;
ALTER TABLE consents DROP CONSTRAINT fk_consents_tenant_id_contact_id;
DROP INDEX ix_contact_addresses_contact;
ALTER TABLE contact_addresses DROP CONSTRAINT pk_contact_addresses;
ALTER TABLE contact_addresses ADD CONSTRAINT pk_contact_addresses PRIMARY KEY (tenant_id, address, kind);
CREATE INDEX ix_contact_addresses_contact ON contact_addresses (contact_id, tenant_id);
CREATE FUNCTION contacts_gone() RETURNS trigger LANGUAGE plpgsql SET search_path = app, pg_temp AS $$ BEGIN
    DELETE FROM contact_addresses c USING gone g WHERE c.tenant_id = g.tenant_id AND c.contact_id = g.id AND c.contact_id = ANY (ARRAY(SELECT id FROM gone)); DELETE FROM contact_tags c USING gone g WHERE c.tenant_id = g.tenant_id AND c.contact_id = g.id AND c.contact_id = ANY (ARRAY(SELECT id FROM gone)); DELETE FROM consents c USING gone g WHERE c.tenant_id = g.tenant_id AND c.contact_id = g.id AND c.contact_id = ANY (ARRAY(SELECT id FROM gone)); DELETE FROM contact_values c USING gone g WHERE c.tenant_id = g.tenant_id AND c.contact_id = g.id AND c.contact_id = ANY (ARRAY(SELECT id FROM gone)); RETURN NULL; END $$;
CREATE TRIGGER contacts_gone AFTER DELETE ON contacts REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION contacts_gone();
CREATE FUNCTION analyze_contacts() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_temp AS $$ BEGIN
    ANALYZE contacts, contact_addresses, contact_tags, consents, contact_values; END $$;
REVOKE ALL ON FUNCTION analyze_contacts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analyze_contacts() TO hub_app;
