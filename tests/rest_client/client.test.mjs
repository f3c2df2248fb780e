// The unmodified JavaScript client of FPT against a desk: everything it can do, with real results.
//
// TK_INCIDENT_BIN names the program under test (its `desk` command is started here). Missing, it fails the suite.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { after, before, test } from "node:test";
import shotgun from "shotgun-nodejs";

const { ShotgunApiClient } = shotgun;

let folder, program, desk, client, project;

before(async () => {
  const binary = process.env.TK_INCIDENT_BIN;
  assert.ok(binary, "TK_INCIDENT_BIN does not name the program under test");
  folder = await mkdtemp(path.join(tmpdir(), "tk-incident-rest-"));
  program = spawn(binary, ["desk", "--json", "--data", path.join(folder, "desk")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = readline.createInterface({ input: program.stdout });
  const first = await lines[Symbol.asyncIterator]().next();
  assert.ok(!first.done, "the desk ended before it was ready");
  desk = JSON.parse(first.value);
  project = { type: "Project", id: desk.project_id };
  client = script();
});

after(async () => {
  program?.kill("SIGKILL");
  if (folder) await rm(folder, { recursive: true, force: true });
});

function script(more = {}) {
  const credentials = {
    grant_type: "client_credentials",
    client_id: desk.script_name,
    client_secret: desk.script_key,
    ...more,
  };
  return new ShotgunApiClient({ siteUrl: desk.url, credentials });
}

const makeTicket = (title, more = {}) =>
  client.entityCreate({ entity: "Ticket", data: { title, project, ...more } });
const ids = (rows) => rows.map((row) => row.id);
const refusal = (status, code) => (error) => {
  assert.equal(error.resp?.status, status, error.message);
  assert.equal(error.body.errors[0].code, code, error.message);
  return true;
};

test("a script and a person connect, a wrong key does not", async () => {
  const token = await client.connect();
  assert.equal(token.token_type, "Bearer");
  assert.equal(token.expires_in, 600);
  await client.entityCreate({ entity: "HumanUser", data: { login: "alice", password_proxy: "open sesame" } });
  const person = new ShotgunApiClient({
    siteUrl: desk.url,
    credentials: { grant_type: "password", username: "alice", password: "open sesame" },
  });
  const ticket = await person.entityCreate({ entity: "Ticket", data: { title: "from alice", project } });
  assert.equal(ticket.relationships.created_by.data.type, "HumanUser");
  const sudo = script({ scope: "sudo_as_login:alice" });
  const other = await sudo.entityCreate({ entity: "Ticket", data: { title: "as alice", project } });
  assert.deepEqual(other.relationships.created_by.data, ticket.relationships.created_by.data);
  await assert.rejects(script({ client_secret: "wrong" }).connect(), /connect response/);
});

test("a token is refreshed before it ends, and again", async () => {
  const fresh = script();
  const first = await fresh.connect();
  for (let round = 0; round < 2; round += 1) {
    // The client refreshes three minutes early.
    fresh.tokenExpirationTimestamp = Date.now() + 60_000;
    await fresh.entityReadAll({ entity: "Project" });
    assert.notEqual(fresh.token.access_token, first.access_token);
  }
  fresh.token = { ...first, expires_in: 0 };
  await assert.rejects(fresh.entityReadAll({ entity: "Project" }), /refresh token response/);
});

test("the other base path serves the same", async () => {
  const newer = new ShotgunApiClient({
    siteUrl: desk.url,
    credentials: client.credentials,
    apiBasePath: "api/v1.1",
  });
  const read = await newer.entityRead({ entity: "Project", entityId: project.id, fields: "name" });
  assert.equal(read.attributes.name, "Incidents");
  assert.match(read.links.self, /^\/api\/v1\.1\//);
});

test("a record is created, read, updated, deleted and revived", async () => {
  const made = await makeTicket("alice - ValueError", { sg_priority: "2" });
  assert.equal(made.attributes.sg_status_list, "wtg");
  const where = { entity: "Ticket", entityId: made.id };
  const read = await client.entityRead({ ...where, fields: ["title", "sg_priority", "project", "project.Project.name"] });
  assert.deepEqual(read.attributes, {
    title: "alice - ValueError",
    sg_priority: "2",
    "project.Project.name": "Incidents",
  });
  assert.equal(read.relationships.project.data.id, project.id);
  const changed = await client.entityUpdate({ ...where, data: { sg_status_list: "res" } });
  assert.equal(changed.attributes.sg_status_list, "res");
  await assert.rejects(client.entityUpdate({ ...where, data: { sg_status_list: "zz" } }), refusal(400, 104));
  await assert.rejects(client.entityUpdate({ ...where, data: { nope: 1 } }), refusal(400, 103));

  assert.equal(await client.entityDelete(where), undefined);
  await assert.rejects(client.entityRead(where), refusal(404, 104));
  await assert.rejects(client.entityDelete(where), refusal(404, 104));
  const retired = await client.entityRead({ ...where, fields: "title", options: { return_only: "retired" } });
  assert.equal(retired.attributes.title, "alice - ValueError");
  assert.deepEqual(await client.entityRevive(where), { type: "Ticket", id: made.id });
  assert.equal((await client.entityRead(where)).attributes.sg_status_list, "res");
  await assert.rejects(client.entityRead({ entity: "Nothing", entityId: 1 }), refusal(404, 103));
});

test("records are searched with lists and with hashes", async () => {
  const made = [];
  for (const word of ["red", "green", "blue"]) made.push((await makeTicket(`search ${word}`)).id);
  const [red, green, blue] = made;
  const list = await client.entitySearch({
    entity: "tickets",
    filters: [["title", "starts_with", "SEARCH"], ["id", "not_in", [green]], ["project", "is", project]],
    fields: ["title"],
    sort: ["-id"],
  });
  assert.deepEqual(ids(list.data), [blue, red]);
  assert.equal(list.data[0].attributes.title, "search blue");
  const hash = await client.entitySearch({
    entity: "Ticket",
    filters: {
      logical_operator: "or",
      conditions: [
        ["title", "is", "search red"],
        { logical_operator: "and", conditions: [["id", "is", green], ["title", "contains", "gree"]] },
      ],
    },
    sort: "id",
  });
  assert.deepEqual(ids(hash.data), [red, green]);
  await assert.rejects(client.entitySearch({ entity: "Ticket", filters: [["nope", "is", 1]] }), refusal(400, 103));
});

test("all records are read page by page", async () => {
  for (let number = 0; number < 5; number += 1) await client.entityCreate({ entity: "Tag", data: { name: `page ${number}` } });
  let page = await client.entityReadAll({ entity: "Tag", fields: ["name"], sort: "name", pageSize: 2 });
  const names = [];
  const sizes = [];
  while (page) {
    names.push(...page.data.map((row) => row.attributes.name));
    sizes.push(page.data.length);
    if (page.reachedEnd()) break;
    page = await page.getNext({ client });
  }
  assert.deepEqual(names, ["page 0", "page 1", "page 2", "page 3", "page 4"]);
  assert.deepEqual(sizes, [2, 2, 1]);
  const before = await page.getPrev({ client });
  assert.deepEqual(before.data.map((row) => row.attributes.name), ["page 2", "page 3"]);
  const past = await page.getNext({ client });
  assert.equal(past, undefined, "an empty page is no page");
  const one = await client.entityReadAll({ entity: "Tag", filter: { name: "page 3" }, fields: "name" });
  assert.equal(one.data.length, 1);
});

test("a batch is done whole or not at all", async () => {
  const { id } = await makeTicket("batch");
  const requests = [
    { request_type: "create", entity: "Ticket", data: { title: "of a batch", project } },
    { request_type: "update", entity: "Ticket", record_id: id, data: { title: "changed in a batch" } },
    { request_type: "delete", entity: "Ticket", record_id: id },
  ];
  const broken = { request_type: "create", entity: "Ticket", data: { title: "no project" } };
  await assert.rejects(client.entityBatch({ requests: [...requests, broken] }), refusal(400, 103));
  assert.equal((await client.entityRead({ entity: "Ticket", entityId: id })).attributes.title, "batch");
  const [created, updated, deleted] = await client.entityBatch({ requests });
  assert.equal(created.data.attributes.title, "of a batch");
  assert.equal(updated.data.attributes.title, "changed in a batch");
  assert.equal(deleted.did_delete, true);
});

test("a file is uploaded to a record and to a field, and comes back as it was", async () => {
  const { id } = await makeTicket("with files");
  const bytes = "2026-01-14 19:49:11,961 [2764 ERROR sgtk.tk-maya] 여기\n".repeat(500);
  const uploadFileBlob = new Blob([bytes], { type: "text/plain" });
  await client.entityItemUpload({ entity: "Ticket", entityId: id, targetFileName: "tk-maya.log", uploadFileBlob });
  await client.entityItemUpload({
    entity: "Ticket",
    entityId: id,
    fieldName: "attachments",
    targetFileName: "보고.log",
    uploadFileBlob,
    additionalUploadData: { display_name: "the log", tags: ["farm"] },
  });
  const read = await client.entityRead({ entity: "Ticket", entityId: id, fields: "attachments" });
  const files = read.relationships.attachments.data;
  assert.deepEqual(files.map((file) => file.name), ["tk-maya.log", "the log"]);
  for (const file of files) {
    const row = await client.entityRead({ entity: "Attachment", entityId: file.id });
    assert.equal(row.attributes.this_file.link_type, "upload");
    const response = await fetch(row.attributes.this_file.url);
    assert.equal(await response.text(), bytes);
  }
  await assert.rejects(
    client.entityItemUpload({ entity: "Ticket", entityId: id, fieldName: "nope", targetFileName: "a", uploadFileBlob }),
    refusal(404, 103),
  );
});

test("the schema is read, and a field comes, changes, goes and comes back", async () => {
  const types = await client.schemaGet({});
  assert.equal(types.Ticket.name.value, "Ticket");
  assert.equal((await client.schemaGet({ entity: "Ticket" })).name.value, "Ticket");
  const fields = await client.schemaGet({ entity: "Ticket", isFieldsWanted: true, projectId: project.id });
  assert.equal(fields.title.data_type.value, "text");

  const definition = (properties) => ({ data_type: "text", properties });
  const made = await client.schemaFieldCreate({
    entity: "Ticket",
    schemaFieldDefinition: definition({ name: "Farm Job", description: "Which job" }),
  });
  assert.equal(made.name.value, "Farm Job");
  const where = { entity: "Ticket", fieldName: "sg_farm_job" };
  const changed = await client.schemaFieldUpdate({ ...where, schemaFieldDefinition: definition({ name: "Job" }) });
  assert.equal(changed.name.value, "Job");
  assert.equal(await client.schemaFieldDelete(where), undefined);
  assert.ok(!("sg_farm_job" in (await client.schemaGet({ entity: "Ticket", isFieldsWanted: true }))));
  await client.schemaFieldRevive(where);
  const again = await client.schemaGet({ entity: "Ticket", isFieldsWanted: true });
  assert.equal(again.sg_farm_job.name.value, "Job");
});

test("preferences are read by name", async () => {
  const preferences = await client.preferencesGet({ names: ["hours_per_day", "duration_units"] });
  assert.deepEqual(Object.keys(preferences).sort(), ["duration_units", "hours_per_day"]);
});
