BEGIN TRANSACTION;
CREATE TABLE api_keys (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	audience VARCHAR NOT NULL, 
	scopes JSON NOT NULL, 
	rate VARCHAR, 
	hash VARCHAR NOT NULL, 
	old_hash VARCHAR, 
	old_until VARCHAR, 
	created_at VARCHAR NOT NULL, 
	expires_at VARCHAR, 
	revoked_at VARCHAR, 
	last_used VARCHAR, 
	PRIMARY KEY (id)
);
INSERT INTO "api_keys" VALUES('bbc523e05217','helpdesk','acme','agent','["ask", "search"]',NULL,'a55dade2b61e4e53c65d7209836dd75547b8c499eb6c944e076f2cd7bab5bddc',NULL,NULL,'2026-11-28T21:07:32+00:00',NULL,NULL,NULL);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	at VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	act VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	details JSON NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,'2026-11-28T21:07:32+00:00','shell:me','key created','bbc523e05217','{"name": "helpdesk", "tenant": "acme", "audience": "agent", "scopes": ["ask", "search"], "rate": null, "expires_at": null}');
INSERT INTO "audit" VALUES(2,'2026-11-28T21:07:32+00:00','shell:me','site key created','site_255c07ebc090','{"name": "help centre", "tenant": "acme", "origins": ["https://help.example.com"], "rate": null}');
CREATE TABLE built (
	index_id VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	content_hash VARCHAR NOT NULL, 
	passages INTEGER NOT NULL, 
	PRIMARY KEY (index_id, tenant, id)
);
INSERT INTO "built" VALUES('i2','acme','retours','d23356f4e0c124fb047f42df81fbaf3e777e09f48358d3bd917d1305b97a3fda',2);
CREATE TABLE cited (
	trace_id VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	document_id VARCHAR NOT NULL, 
	content_hash VARCHAR, 
	PRIMARY KEY (trace_id, tenant, document_id)
);
INSERT INTO "cited" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','acme','retours',NULL);
CREATE TABLE documents (
	tenant VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	content_hash VARCHAR NOT NULL, 
	"indexed" BOOLEAN NOT NULL, 
	passages INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	body VARCHAR NOT NULL, 
	url VARCHAR, 
	language VARCHAR, 
	audience JSON NOT NULL, 
	tags JSON NOT NULL, 
	valid_from DATE, 
	valid_until DATE, 
	updated_at DATE, 
	PRIMARY KEY (tenant, id)
);
INSERT INTO "documents" VALUES('acme','retours','kb','a.md','d23356f4e0c124fb047f42df81fbaf3e777e09f48358d3bd917d1305b97a3fda',1,2,'Retours d’été','# Retours

Sous 30 jours.','https://example.com','fr','["public", "agent"]','["retours"]','2026-01-01','2026-12-31','2026-05-12');
CREATE TABLE feedback (
	id VARCHAR NOT NULL, 
	answer_id VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	audience VARCHAR NOT NULL, 
	given_at VARCHAR NOT NULL, 
	given_by VARCHAR NOT NULL, 
	thumbs VARCHAR NOT NULL, 
	reason VARCHAR, 
	comment VARCHAR, 
	correction VARCHAR, 
	signature VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "feedback" VALUES('e6f4e87cc5694909896be22cf6043ffe','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','acme','public','2026-11-28T21:07:32.758+00:00','key::1','down','outdated','C’est 30 jours.','Sous 30 jours.','191df8cdb834733e637e62dddc785a45e61e53cbc0b64c8d5e70f9be44d9a2c8');
CREATE TABLE files (
	source VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	signature VARCHAR NOT NULL, 
	problem VARCHAR, 
	PRIMARY KEY (source, path)
);
INSERT INTO "files" VALUES('kb','a.md','1',NULL);
INSERT INTO "files" VALUES('kb','b.md','2','it is empty');
CREATE TABLE flags (
	source VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	document_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	found VARCHAR NOT NULL, 
	PRIMARY KEY (source, path, document_id, kind)
);
INSERT INTO "flags" VALUES('kb','a.md','retours','link','acme','http://x');
CREATE TABLE meta (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('index_id','i1');
CREATE TABLE site_keys (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	origins JSON NOT NULL, 
	rate VARCHAR, 
	signing VARCHAR NOT NULL, 
	created_at VARCHAR NOT NULL, 
	revoked_at VARCHAR, 
	PRIMARY KEY (id)
);
INSERT INTO "site_keys" VALUES('site_255c07ebc090','help centre','acme','["https://help.example.com"]',NULL,'signing','2026-11-28T21:07:32+00:00',NULL);
CREATE TABLE traces (
	id VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	audience VARCHAR NOT NULL, 
	answered_at VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	question VARCHAR NOT NULL, 
	record JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "traces" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','acme','public','2026-11-01T10:00:00.000+00:00','answered','Combien de jours ?','{"id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "answered_at": "2026-11-01T10:00:00.000+00:00", "status": "answered", "question": {"text": "Combien de jours ?", "tenant": "acme", "audience": "public"}, "sentences": [{"text": "Sous 30 jours.", "citations": [{"document_id": "retours", "quote": "Sous 30 jours.", "quote_length": 14, "quote_hash": "x"}]}]}');
CREATE INDEX ix_documents_source ON documents (source);
CREATE INDEX ix_audit_subject ON audit (subject);
CREATE INDEX ix_feedback_tenant ON feedback (tenant);
CREATE INDEX ix_feedback_given_at ON feedback (given_at);
CREATE INDEX ix_feedback_answer_id ON feedback (answer_id);
CREATE INDEX ix_traces_tenant ON traces (tenant);
CREATE INDEX ix_traces_answered_at ON traces (answered_at);
CREATE INDEX ix_cited_tenant ON cited (tenant);
CREATE INDEX ix_cited_document_id ON cited (document_id);
COMMIT;
