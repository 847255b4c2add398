CREATE TABLE api_keys (
    id character varying NOT NULL,
    name character varying NOT NULL,
    tenant character varying NOT NULL,
    audience character varying NOT NULL,
    scopes json NOT NULL,
    rate character varying,
    hash character varying NOT NULL,
    old_hash character varying,
    old_until character varying,
    created_at character varying NOT NULL,
    expires_at character varying,
    revoked_at character varying,
    last_used character varying
);
CREATE TABLE audit (
    number integer NOT NULL,
    at character varying NOT NULL,
    actor character varying NOT NULL,
    act character varying NOT NULL,
    subject character varying NOT NULL,
    details json NOT NULL
);
CREATE SEQUENCE audit_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE audit_number_seq OWNED BY audit.number;
CREATE TABLE built (
    index_id character varying NOT NULL,
    tenant character varying NOT NULL,
    id character varying NOT NULL,
    content_hash character varying NOT NULL,
    passages integer NOT NULL
);
CREATE TABLE cited (
    trace_id character varying NOT NULL,
    tenant character varying NOT NULL,
    document_id character varying NOT NULL,
    content_hash character varying
);
CREATE TABLE documents (
    tenant character varying NOT NULL,
    id character varying NOT NULL,
    source character varying NOT NULL,
    location character varying NOT NULL,
    content_hash character varying NOT NULL,
    indexed boolean NOT NULL,
    passages integer NOT NULL,
    title character varying NOT NULL,
    body character varying NOT NULL,
    url character varying,
    language character varying,
    audience json NOT NULL,
    tags json NOT NULL,
    valid_from date,
    valid_until date,
    updated_at date
);
CREATE TABLE feedback (
    id character varying NOT NULL,
    answer_id character varying NOT NULL,
    tenant character varying NOT NULL,
    audience character varying NOT NULL,
    given_at character varying NOT NULL,
    given_by character varying NOT NULL,
    thumbs character varying NOT NULL,
    reason character varying,
    comment character varying,
    correction character varying,
    signature character varying NOT NULL
);
CREATE TABLE files (
    source character varying NOT NULL,
    path character varying NOT NULL,
    signature character varying NOT NULL,
    problem character varying
);
CREATE TABLE flags (
    source character varying NOT NULL,
    path character varying NOT NULL,
    document_id character varying NOT NULL,
    kind character varying NOT NULL,
    tenant character varying NOT NULL,
    found character varying NOT NULL
);
CREATE TABLE meta (
    key character varying NOT NULL,
    value character varying NOT NULL
);
CREATE TABLE site_keys (
    id character varying NOT NULL,
    name character varying NOT NULL,
    tenant character varying NOT NULL,
    origins json NOT NULL,
    rate character varying,
    signing character varying NOT NULL,
    created_at character varying NOT NULL,
    revoked_at character varying
);
CREATE TABLE traces (
    id character varying NOT NULL,
    tenant character varying NOT NULL,
    audience character varying NOT NULL,
    answered_at character varying NOT NULL,
    status character varying NOT NULL,
    question character varying NOT NULL,
    record json NOT NULL
);
ALTER TABLE ONLY audit ALTER COLUMN number SET DEFAULT nextval('audit_number_seq'::regclass);
INSERT INTO api_keys VALUES ('28504f6f22e6', 'helpdesk', 'acme', 'agent', '["ask", "search"]', NULL, 'e6b1a360023b0735ce446eeb39d18eabde807ba1546763818a26d4673845afdc', NULL, NULL, '2026-11-28T21:07:34+00:00', NULL, NULL, NULL);
INSERT INTO audit VALUES (1, '2026-11-28T21:07:34+00:00', 'shell:me', 'key created', '28504f6f22e6', '{"name": "helpdesk", "tenant": "acme", "audience": "agent", "scopes": ["ask", "search"], "rate": null, "expires_at": null}');
INSERT INTO audit VALUES (2, '2026-11-28T21:07:34+00:00', 'shell:me', 'site key created', 'site_4022774aa335', '{"name": "help centre", "tenant": "acme", "origins": ["https://help.example.com"], "rate": null}');
INSERT INTO built VALUES ('i2', 'acme', 'retours', 'd23356f4e0c124fb047f42df81fbaf3e777e09f48358d3bd917d1305b97a3fda', 2);
INSERT INTO cited VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'acme', 'retours', NULL);
INSERT INTO documents VALUES ('acme', 'retours', 'kb', 'a.md', 'd23356f4e0c124fb047f42df81fbaf3e777e09f48358d3bd917d1305b97a3fda', true, 2, 'Retours d’été', '# Retours
Sous 30 jours.', 'https://example.com', 'fr', '["public", "agent"]', '["retours"]', '2026-01-01', '2026-12-31', '2026-05-12');
INSERT INTO feedback VALUES ('b1a0d5b0a3174a488260573f54f31698', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'acme', 'public', '2026-11-28T21:07:34.395+00:00', 'key::1', 'down', 'outdated', 'C’est 30 jours.', 'Sous 30 jours.', '191df8cdb834733e637e62dddc785a45e61e53cbc0b64c8d5e70f9be44d9a2c8');
INSERT INTO files VALUES ('kb', 'a.md', '1', NULL);
INSERT INTO files VALUES ('kb', 'b.md', '2', 'it is empty');
INSERT INTO flags VALUES ('kb', 'a.md', 'retours', 'link', 'acme', 'http://x');
INSERT INTO meta VALUES ('index_id', 'i1');
INSERT INTO site_keys VALUES ('site_4022774aa335', 'help centre', 'acme', '["https://help.example.com"]', NULL, 'signing', '2026-11-28T21:07:34+00:00', NULL);
INSERT INTO traces VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'acme', 'public', '2026-11-01T10:00:00.000+00:00', 'answered', 'Combien de jours ?', '{"id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "answered_at": "2026-11-01T10:00:00.000+00:00", "status": "answered", "question": {"text": "Combien de jours ?", "tenant": "acme", "audience": "public"}, "sentences": [{"text": "Sous 30 jours.", "citations": [{"document_id": "retours", "quote": "Sous 30 jours.", "quote_length": 14, "quote_hash": "x"}]}]}');
ALTER TABLE ONLY api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (number);
ALTER TABLE ONLY built
    ADD CONSTRAINT built_pkey PRIMARY KEY (index_id, tenant, id);
ALTER TABLE ONLY cited
    ADD CONSTRAINT cited_pkey PRIMARY KEY (trace_id, tenant, document_id);
ALTER TABLE ONLY documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (tenant, id);
ALTER TABLE ONLY feedback
    ADD CONSTRAINT feedback_pkey PRIMARY KEY (id);
ALTER TABLE ONLY files
    ADD CONSTRAINT files_pkey PRIMARY KEY (source, path);
ALTER TABLE ONLY flags
    ADD CONSTRAINT flags_pkey PRIMARY KEY (source, path, document_id, kind);
ALTER TABLE ONLY meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (key);
ALTER TABLE ONLY site_keys
    ADD CONSTRAINT site_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY traces
    ADD CONSTRAINT traces_pkey PRIMARY KEY (id);
CREATE INDEX ix_audit_subject ON audit USING btree (subject);
CREATE INDEX ix_cited_document_id ON cited USING btree (document_id);
CREATE INDEX ix_cited_tenant ON cited USING btree (tenant);
CREATE INDEX ix_documents_source ON documents USING btree (source);
CREATE INDEX ix_feedback_answer_id ON feedback USING btree (answer_id);
CREATE INDEX ix_feedback_given_at ON feedback USING btree (given_at);
CREATE INDEX ix_feedback_tenant ON feedback USING btree (tenant);
CREATE INDEX ix_traces_answered_at ON traces USING btree (answered_at);
CREATE INDEX ix_traces_tenant ON traces USING btree (tenant);
SELECT pg_catalog.setval('audit_number_seq', 2, true);
