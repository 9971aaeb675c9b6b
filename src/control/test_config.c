#include "base/buf.h"
#include "base/test.h"
#include "control/config.h"
#include "control/units.h"

#include <stdlib.h>

static const char whole[] =
    "listen: 127.0.0.1:9080\n"
    "admin: '[::1]:9081'\n"
    "upstreams:\n"
    "  openai: {url: 'https://api.openai.com/v1', key: {env: OPENAI_API_KEY}}\n"
    "  local:\n"
    "    url: http://127.0.0.1:9000/v1/\n"
    "    allow_private: true\n"
    "    key: {file: secrets/local}\n"
    "    header: X-Api-Key\n"
    "    pool: 4\n"
    "  corp: {url: 'https://llm.example.com', ca: /etc/ca.pem, proxy: "
    "'http://proxy.example.com:3128',\n"
    "         header: 'Authorization: Token'}\n"
    "models:\n"
    "  gpt-4o-mini: openai\n"
    "  fast: {upstream: openai, model: gpt-4o-mini, max_tokens: 4096}\n"
    "  safe: [{upstream: corp, model: a}, {upstream: local}, openai]\n"
    "  both: {routes: [openai, corp], max_tokens: 7}\n"
    "groups:\n"
    "  engineers: [User/alice, 'Workload::demo', User/alice]\n"
    "  admins: [User/alice]\n"
    "limits: {body_bytes: 4MiB, header_ms: 5s, connections: 10, assertion_age_s: 2m}\n"
    "rates:\n"
    "  - {each: principal, requests: 600/1m, concurrent: 64}\n"
    "  - {group: engineers, requests: 100/s}\n"
    "  - {model: fast, concurrent: 8}\n"
    "  - {principal: User/alice, concurrent: 1}\n"
    "audit: {durability: interval, interval: 20ms, name: log.example.com}\n"
    "policies: policies\n"
    "sandbox: strict\n"
    "fronts: 3\n";

static enum pst_status parse(struct pst_arena *arena, const char *text, struct pst_config **ret,
                             struct pst_err *err)
{
    pst_arena_clear(arena);
    *err = (struct pst_err){0};
    *ret = NULL;
    return pst_config_parse(arena, pst_str_c(text), PST_STR("/etc/postern"), ret, err);
}

static void test_whole(void **state)
{
    struct pst_config *c = NULL;
    struct pst_err err;
    if (parse(*state, whole, &c, &err) != PST_OK) {
        fail_msg("%u:%u %s", err.line, err.column, err.text);
    }
    assert_string_equal(c->listen[0].address, "127.0.0.1");
    assert_int_equal(c->listen[0].port, 9080);
    assert_string_equal(c->admin.address, "::1");
    assert_int_equal(c->n_upstreams, 3);
    const struct pst_config_upstream *u = &c->upstreams[0];
    assert_string_equal(u->name, "openai");
    assert_true(u->tls && u->port == 443 && !u->allow_private && u->pool == 32);
    assert_string_equal(u->base_path, "/v1");
    assert_int_equal(u->cred_source, PST_CRED_ENV);
    assert_string_equal(u->cred_ref, "OPENAI_API_KEY");
    assert_string_equal(u->cred_header, "authorization");
    assert_string_equal(u->cred_prefix, "Bearer ");
    u = &c->upstreams[1];
    assert_true(!u->tls && u->port == 9000 && u->allow_private && u->pool == 4);
    assert_int_equal(u->cred_source, PST_CRED_FILE);
    assert_string_equal(u->cred_ref, "/etc/postern/secrets/local");
    assert_string_equal(u->cred_header, "x-api-key");
    assert_string_equal(u->cred_prefix, "");
    u = &c->upstreams[2];
    assert_string_equal(u->ca_file, "/etc/ca.pem");
    assert_string_equal(u->proxy_host, "proxy.example.com");
    assert_int_equal(u->proxy_port, 3128);
    assert_string_equal(u->cred_prefix, "Token ");
    assert_int_equal(u->cred_source, PST_CRED_NONE);
}

static void test_whole_rest(void **state)
{
    struct pst_config *c = NULL;
    struct pst_err err;
    assert_int_equal(parse(*state, whole, &c, &err), PST_OK);
    assert_int_equal(c->n_models, 4);
    const struct pst_image_model *m = pst_image_model(c->models, 4, PST_STR("gpt-4o-mini"));
    assert_int_equal(m->n_routes, 1);
    assert_string_equal(m->routes[0].model, "gpt-4o-mini");
    m = pst_image_model(c->models, 4, PST_STR("fast"));
    assert_int_equal(m->max_tokens, 4096);
    assert_string_equal(m->routes[0].model, "gpt-4o-mini");
    m = pst_image_model(c->models, 4, PST_STR("safe"));
    assert_int_equal(m->n_routes, 3);
    assert_int_equal(m->routes[0].upstream, 2);
    assert_string_equal(m->routes[0].model, "a");
    assert_int_equal(m->routes[1].upstream, 1);
    assert_string_equal(m->routes[1].model, "safe");
    assert_int_equal(m->routes[2].upstream, 0);
    m = pst_image_model(c->models, 4, PST_STR("both"));
    assert_int_equal(m->n_routes, 2);
    assert_int_equal(m->max_tokens, 7);

    assert_int_equal(c->n_members, 3);
    assert_string_equal(c->members[0].principal, "User::alice");
    assert_string_equal(c->members[0].group, "admins");
    assert_string_equal(c->members[1].group, "engineers");
    assert_string_equal(c->members[2].principal, "Workload::demo");
    assert_int_equal(c->limits.v[PST_LIMIT_body_bytes], 4194304);
    assert_int_equal(c->limits.v[PST_LIMIT_header_ms], 5000);
    assert_int_equal(c->limits.v[PST_LIMIT_assertion_age_s], 120);
    assert_int_equal(c->limits.v[PST_LIMIT_connections], 10);
    assert_int_equal(c->limits.v[PST_LIMIT_tools], pst_limit_row(PST_LIMIT_tools)->def);
    assert_int_equal(c->n_rates, 4);
    assert_int_equal(c->rates[0].scope, PST_SCOPE_PRINCIPAL);
    assert_int_equal(c->rates[0].requests, 600);
    assert_int_equal(c->rates[0].window_ms, 60000);
    assert_string_equal(c->rates[0].name, "");
    assert_int_equal(c->rates[1].scope, PST_SCOPE_GROUP);
    assert_string_equal(c->rates[1].name, "engineers");
    assert_int_equal(c->rates[2].scope, PST_SCOPE_MODEL);
    assert_int_equal(c->rates[2].concurrent, 8);
    assert_string_equal(c->rates[3].name, "User::alice");
    assert_int_equal(c->durability, PST_DURABLE_INTERVAL);
    assert_int_equal(c->interval_ms, 20);
    assert_string_equal(c->log_name, "log.example.com");
    assert_string_equal(c->policies, "/etc/postern/policies");
    assert_int_equal(c->sandbox, PST_SANDBOX_STRICT);
    assert_int_equal(c->fronts, 3);
}

/* A real provider is three lines. */
static void test_least(void **state)
{
    struct pst_config *c = NULL;
    struct pst_err err;
    assert_int_equal(
        parse(*state,
              "upstreams:\n"
              "  openai: {url: 'https://api.openai.com/v1', key: {env: OPENAI_API_KEY}}\n"
              "models: {gpt-4o-mini: openai}\n",
              &c, &err),
        PST_OK);
    assert_string_equal(c->listen[0].address, "127.0.0.1");
    assert_int_equal(c->listen[0].port, 8080);
    assert_int_equal(c->admin.port, 8081);
    assert_int_equal(c->fronts, 2);
    assert_int_equal(c->sandbox, PST_SANDBOX_NORMAL);
    assert_int_equal(c->durability, PST_DURABLE_ANSWER);
    assert_true(c->detector && c->taint == 500);
    assert_int_equal(c->interval_ms, 50);
    assert_string_equal(c->policies, "");
    assert_int_equal(c->limits.v[PST_LIMIT_body_bytes], 8388608);
}

static void test_listen(void **state)
{
    struct pst_config *c = NULL;
    struct pst_err err;
    static const char text[] =
        "listen:\n"
        "  - 127.0.0.1:8080\n"
        "  - address: '[::]:8443'\n"
        "    certificate: tls/server.pem\n"
        "    key: /etc/ssl/server.key\n"
        "    clients: tls/clients.pem\n"
        "    client_certificates: required\n"
        "    proxy_protocol: [10.0.0.0/8, 'fd00::/8']\n"
        "    forwarded: 192.0.2.7\n"
        "    http2: false\n"
        "  - {address: '127.0.0.2:8080', certificate: c, key: k, clients: a}\n"
        "admin: {address: '192.0.2.1:8080', certificate: c, key: k}\n"
        "upstreams: {o: {url: 'https://a/v1'}}\nmodels: {m: o}\n";
    if (parse(*state, text, &c, &err) != PST_OK) {
        fail_msg("%u:%u %s", err.line, err.column, err.text);
    }
    assert_int_equal(c->n_listen, 3);
    const struct pst_config_listen *l = &c->listen[0];
    assert_true(l->port == 8080 && l->key[0] == 0 && l->http2 && l->at.line == 2);
    assert_int_equal(l->client_mode, PST_CLIENT_NONE);
    l = &c->listen[1];
    assert_string_equal(l->address, "::");
    assert_string_equal(l->certificate, "/etc/postern/tls/server.pem");
    assert_string_equal(l->key, "/etc/ssl/server.key");
    assert_string_equal(l->clients, "/etc/postern/tls/clients.pem");
    assert_true(l->certificate_at.line == 4 && l->key_at.line == 5 && l->key_at.column == 10);
    assert_true(l->client_mode == PST_CLIENT_REQUIRED && !l->http2);
    assert_true(l->n_proxy == 2 && l->n_forwarded == 1);
    uint8_t ip[16];
    assert_true(pst_ip_parse(PST_STR("10.255.0.1"), ip));
    assert_true(pst_image_cidrs_hold(l->proxy, 2, ip));
    assert_false(pst_image_cidrs_hold(l->forwarded, 1, ip));
    assert_true(pst_ip_parse(PST_STR("::ffff:192.0.2.7"), ip)); /* the same address */
    assert_true(pst_image_cidrs_hold(l->forwarded, 1, ip));
    assert_true(pst_ip_parse(PST_STR("fdff::1"), ip));
    assert_true(pst_image_cidrs_hold(l->proxy, 2, ip));
    assert_true(pst_ip_parse(PST_STR("fe00::1"), ip));
    assert_false(pst_image_cidrs_hold(l->proxy, 2, ip));
    assert_int_equal(c->listen[2].client_mode, PST_CLIENT_OPTIONAL);
    assert_string_equal(c->admin.address, "192.0.2.1");
    assert_string_equal(c->admin.key, "/etc/postern/k");
    c->listen[0].port = c->listen[2].port = 1;
    assert_int_equal(pst_config_listeners_check(c, &err), PST_OK); /* 127.0.0.1 and 127.0.0.2 */
    c->listen[1].port = 1;
    assert_int_equal(pst_config_listeners_check(c, &err), PST_OK); /* another family */
}

struct bad {
    const char *text, *why;
    uint32_t line;
};

#define UP "upstreams: {o: {url: 'https://a/v1'}}\n"
#define REST UP "models: {m: o}\n"

#define TLS(address) "{address: '" address "', certificate: c, key: k}\n"
/* keys in the order in which they are read: the last mistake that is reached is the one meant */
#define LIST(more) "{address: '127.0.0.1:1', certificate: c, " more "}\n"

static const struct bad top[] = {
    {"", "empty", 1},
    {"- a\n", "mapping", 1},
    {"just text\n", "mapping", 1},
    {"lisen: 127.0.0.1:1\n" REST, "did you mean \"listen\"", 1},
    {"Listen: 127.0.0.1:1\n" REST, "did you mean \"listen\"", 1},
    {"zzzzzz: 1\n" REST, "known keys: listen, admin", 1},
    {"listen:\n" REST, "has no value", 1},
    {"models: {m: o}\n", "upstream", 1},
    {UP, "there is no model", 1},
    {"listen: 0.0.0.0:80\n" REST, "loopback only", 1},
    {"listen: 192.168.1.1:80\n" REST, "loopback only", 1},
    {"listen: '[::]:80'\n" REST, "loopback only", 1},
    {"listen: 8.8.8.8:80\n" REST, "loopback only", 1},
    {"listen: example.com:80\n" REST, "not a name", 1},
    {"listen: 127.0.0.1\n" REST, "a port", 1},
    {"listen: 127.0.0.1:0\n" REST, "a port", 1},
    {"listen: x.localhost:80\n" REST, "needs an IP address", 1},
    {"listen: [127.0.0.1, 80]\n" REST, "a port", 1},
    {"listen: '[::g]:80'\n" REST, "a port", 1},
    {"listen: '[::1::2]:80'\n" REST, "needs an IP address", 1},
    {"listen: []\n" REST, "a list of 1 to 8", 1},
    {"listen:\n  - 127.0.0.1:1\n  - 127.0.0.1:1\n" REST, "the same address twice", 3},
    {"listen:\n  - 127.0.0.1:1\n  - {address: localhost:1}\n" REST, "address twice", 3},
    {"listen:\n  - 127.0.0.1:1\n  - " TLS("0.0.0.0:1") REST, "address twice", 3},
    {"listen: [1:1,1:2,1:3,1:4,1:5,1:6,1:7,1:8,1:9]\n" REST, "1 to 8", 1},
    {"listen: {port: 80}\n" REST, "known keys: address", 1},
    {"listen: {certificate: a, key: b}\n" REST, "no address", 1},
    {"listen:\n  - 127.0.0.1:1\n  - 0.0.0.0:2\n" REST, "loopback only", 3},
    {"listen: {address: '127.0.0.1:1', certificate: a}\n" REST, "no key", 1},
    {"listen: {address: '127.0.0.1:1', key: a}\n" REST, "no certificate", 1},
    {"listen: {address: '127.0.0.1:1', clients: a}\n" REST, "a part of TLS", 1},
    {"listen:\n  address: 127.0.0.1:1\n  client_certificates: required\n" REST, "whose", 3},
    {"listen: " LIST("clients: c, client_certificates: perhaps") REST, "optional and required", 1},
    {"listen: " LIST("http2: 1") REST, "true", 1},
    {"listen: " LIST("proxy_protocol: 10.0.0.1/8") REST, "behind the prefix", 1},
    {"listen: " LIST("proxy_protocol: 10.0.0.0/33") REST, "a range of addresses", 1},
    {"listen: " LIST("proxy_protocol: []") REST, "1 to 16", 1},
    {"listen: " LIST("forwarded: [10.0.0.0/8, lb.example.com]") REST, "a range", 1},
    {"listen: " LIST("forwarded: 0.0.0.0/0") REST, "everybody", 1},
    {"listen: " LIST("forwarded: '::/0'") REST, "everybody", 1},
    {"listen: " LIST("forwarded: {a: b}") REST, "1 to 16", 1},
    {"listen: " LIST("key: '-----BEGIN PRIVATE KEY-----'") REST, "never the key itself", 1},
    {"admin: 10.0.0.1:1\n" REST, "loopback only", 1},
    {"admin: " TLS("0.0.0.0:8080") REST, "are the same address", 1},
    {"admin: 127.0.0.1:8080\n" REST, "same address", 1},
    {"fronts: 0\n" REST, "from 1 to 16", 1},
    {"fronts: 17\n" REST, "from 1 to 16", 1},
    {"fronts: two\n" REST, "from 1 to 16", 1},
    {"sandbox: off\n" REST, "normal and strict", 1},
    {"inspect: {taint: 1001}\n" REST, "from 0 to 1000", 1},
    {"inspect: {detector: perhaps}\n" REST, "true", 1},
    {"inspect: {hosts: example.com}\n" REST, "a list of hosts", 1},
    {"inspect: {hosts: ['https://example.com']}\n" REST, "a host such as", 1},
    {"inspect: {hosts: ['*.']}\n" REST, "a host such as", 1},
    {"inspect: {hosts: [a..example]}\n" REST, "a host such as", 1},
    {"audit: {durability: never}\n" REST, "answer, send and interval", 1},
    {"audit: {interval: 50}\n" REST, "such as 50ms", 1},
    {"audit: {interval: 2s}\n" REST, "such as 50ms", 1},
    {"audit: {name: 'a b'}\n" REST, "the log's name", 1},
    {"audit: {durabilty: send}\n" REST, "did you mean \"durability\"", 1},
    {"audit: send\n" REST, "mapping", 1},
    {"policies: [a]\n" REST, "a path", 1},
    {"limits: {body_bites: 1}\n" REST, "did you mean \"body_bytes\"", 1},
    {"limits: {nothing_like_it: 1}\n" REST, "docs/config.md", 1},
    {"limits: {body_bytes: 1TiB}\n" REST, "64KiB", 1},
    {"limits: {body_bytes: 65MiB}\n" REST, "hard maximum", 1},
    {"limits: {body_bytes: 0}\n" REST, "from 1 to", 1},
    {"limits: {header_ms: 5 s}\n" REST, "such as 500ms", 1},
    {"limits: {header_ms: 1h}\n" REST, "hard maximum", 1},
    {"limits: {assertion_age_s: 1500ms}\n" REST, "such as 500ms", 1},
    {"limits: {tools: 5s}\n" REST, "a whole number", 1},
    {"limits: {tools: -5}\n" REST, "a whole number", 1},
    {"limits: []\n" REST, "a mapping", 1},
};

#define WITH(line) "models: {m: o}\nupstreams:\n  o: {" line "}\n"

static const struct bad upstream[] = {
    {WITH("key: {env: A}"), "has no url", 3},
    {WITH("url: 'ftp://a'"), "https://api.openai.com/v1", 3},
    {WITH("url: 'https://user:hunter2@a/'"), "no user, password", 3},
    {WITH("url: 'http://a.example'"), "plain text", 3},
    {WITH("url: 'http://127.0.0.1:1'"), "private address", 3},
    {WITH("url: 'https://169.254.169.254/'"), "private address", 3},
    {WITH("url: 'https://a/', key: sk-hunter2"), "never written into this file", 3},
    {WITH("url: 'https://a/', key: [sk-hunter2]"), "never written into this file", 3},
    {WITH("url: 'https://a/', key: {}"), "either env or file", 3},
    {WITH("url: 'https://a/', key: {env: A, file: b}"), "either env or file", 3},
    {WITH("url: 'https://a/', key: {value: sk-hunter2}"), "unknown key \"value\" in key", 3},
    {WITH("url: 'https://a/', key: {env: sk-hunter2}"), "not the secret itself", 3},
    {WITH("url: 'https://a/', key: {env: 1A}"), "not the secret itself", 3},
    {WITH("url: 'https://a/', header: 'x-api-key: sk-hunter2-1'"), "carries the credential", 3},
    {WITH("url: 'https://a/', header: 'a b'"), "carries the credential", 3},
    {WITH("url: 'https://a/', header: Host"), "carries the credential", 3},
    {WITH("url: 'https://a/', header: \"a\\r\\nb\""), "carries the credential", 3},
    {WITH("url: 'https://a/', pool: -1"), "from 0 to 4096", 3},
    {WITH("url: 'https://a/', allow_private: yes"), "false and true", 3},
    {WITH("url: 'http://a/', allow_private: true, ca: x"), "ca is for https", 3},
    {WITH("url: 'http://a/', allow_private: true, proxy: 'http://p:1'"), "a proxy is used", 3},
    {WITH("url: 'https://a/', proxy: 'https://p:1'"), "a proxy such as", 3},
    {WITH("url: 'https://a/', proxy: 'http://u:hunter2@p:1'"), "a proxy such as", 3},
    {WITH("url: 'https://a/', proxy: 'http://10.0.0.1:1'"), "private address", 3},
    {WITH("url: 'https://a/', keys: {env: A}"), "did you mean \"key\"", 3},
    {"models: {m: o}\nupstreams:\n  'o o': {url: 'https://a/'}\n", "an upstream's name", 3},
    {"models: {m: o}\nupstreams: [o]\n", "names and their urls", 2},
    {"models: {m: o}\nupstreams: {o: 'https://a/'}\n", "mapping", 2},
};

static const struct bad other[] = {
    {UP "models: {m: p}\n", "add it to \"upstreams\"", 2},
    {"upstreams: {openai: {url: 'https://a'}}\nmodels:\n  m: opneai\n", "did you mean \"openai\"",
     3},
    {UP "models: [m]\n", "names and their upstreams", 2},
    {UP "models: {m: {model: x}}\n", "needs \"upstream\"", 2},
    {UP "models: {m: {max_tokens: 4}}\n", "has no \"upstream\"", 2},
    {UP "models: {m: {upstream: o, max_tokens: 0}}\n", "from 1 to", 2},
    {UP "models: {m: {upstream: o, max_token: 1}}\n", "did you mean \"max_tokens\"", 2},
    {UP "models: {m: {upstream: o, routes: [o]}}\n", "keep one", 2},
    {UP "models: {m: []}\n", "1 to 8", 2},
    {UP "models: {m: [o,o,o,o,o,o,o,o,o]}\n", "1 to 8", 2},
    {UP "models: {m: [{model: x}]}\n", "no \"upstream\"", 2},
    {UP "models: {m: [{upstream: o, max_tokens: 1}]}\n", "unknown key \"max_tokens\"", 2},
    {UP "models: {'a b': o}\n", "a model's name", 2},
    {UP "models: {m: }\n", "there is no upstream of this name", 2},
    {REST "groups: [a]\n", "names and their members", 3},
    {REST "groups: {a: User/x}\n", "a list of members", 3},
    {REST "groups: {a: [x]}\n", "a member such as", 3},
    {REST "groups: {a: [Group/x]}\n", "a member such as", 3},
    {REST "groups: {'a b': []}\n", "a group's name", 3},
    {REST "rates: {each: principal}\n", "a list is expected", 3},
    {REST "rates:\n  - {requests: 1/s}\n", "for whom", 4},
    {REST "rates:\n  - {each: principal}\n", "limits nothing", 4},
    {REST "rates:\n  - {each: planet, requests: 1/s}\n", "principal, group and model", 4},
    {REST "rates:\n  - {each: principal, group: a, requests: 1/s}\n", "second row", 4},
    {REST "rates:\n  - {model: x, requests: 1/s}\n", "there is no model", 4},
    {REST "rates:\n  - {group: a, requests: 100}\n", "so many per so long", 4},
    {REST "rates:\n  - {group: a, concurrent: 0}\n", "from 1 to", 4},
    {REST "rates:\n  - {group: a, request: 1/s}\n", "did you mean \"requests\"", 4},
};

static void refuse_all(struct pst_arena *arena, const struct bad *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct pst_config *c = NULL;
        struct pst_err err;
        if (parse(arena, rows[i].text, &c, &err) != PST_ERR) {
            fail_msg("accepted: %s", rows[i].text);
        }
        assert_null(c);
        assert_int_equal(err.code, PST_E_CONFIG);
        if (strstr(err.text, rows[i].why) == NULL || err.line != rows[i].line) {
            fail_msg("%s: %u:%u %s", rows[i].text, err.line, err.column, err.text);
        }
        assert_null(strstr(err.text, "hunter2")); /* what may be a secret is never repeated */
    }
}

static void test_refused(void **state)
{
    refuse_all(*state, top, PST_LEN(top));
    refuse_all(*state, upstream, PST_LEN(upstream));
    refuse_all(*state, other, PST_LEN(other));
}

/* Cut anywhere, the file is refused or understood, and never worse. */
static void test_prefixes(void **state)
{
    for (size_t n = 0; n < sizeof whole; n++) {
        struct pst_arena *arena = *state;
        struct pst_config *c = NULL;
        struct pst_err err = {0};
        pst_arena_clear(arena);
        enum pst_status status = pst_config_parse(arena, pst_str_of(whole, n),
                                                  PST_STR("/etc/postern"), &c, &err);
        assert_true(status == PST_OK ? c != NULL : c == NULL && err.text[0] != 0);
    }
}

static void test_too_many(void **state)
{
    struct pst_buf text;
    struct pst_config *c = NULL;
    struct pst_err err;
    pst_buf_init(&text, 1 << 20);
    PST_BUF_LIT(&text, "models: {m: u0}\nupstreams:\n");
    for (int i = 0; i <= PST_UPSTREAMS_MAX; i++) {
        pst_buf_fmt(&text, "  u%d: {url: 'https://a/'}\n", i);
    }
    pst_buf_byte(&text, 0);
    assert_int_equal(parse(*state, (const char *)text.p, &c, &err), PST_ERR);
    assert_non_null(strstr(err.text, "more than 32 upstreams"));
    pst_buf_clear(&text);
    PST_BUF_LIT(&text, UP "models:\n");
    for (int i = 0; i <= PST_MODELS_MAX; i++) {
        pst_buf_fmt(&text, "  m%d: o\n", i);
    }
    pst_buf_byte(&text, 0);
    assert_int_equal(parse(*state, (const char *)text.p, &c, &err), PST_ERR);
    assert_non_null(strstr(err.text, "more than 256 models"));
    pst_buf_release(&text);
}

/* With too little memory: an error that says so, at whatever place it ran out. */
static void test_no_memory(void **state)
{
    (void)state;
    bool fitted = false;
    for (size_t cap = 512; !fitted; cap += 1024) {
        struct pst_arena arena;
        struct pst_config *c = NULL;
        struct pst_err err = {0};
        pst_arena_init(&arena, 256, cap);
        enum pst_status status = pst_config_parse(&arena, pst_str_c(whole), PST_STR("/etc/postern"),
                                                  &c, &err);
        fitted = status == PST_OK;
        assert_true(fitted || (err.code == PST_E_NO_MEMORY && c == NULL));
        pst_arena_release(&arena);
    }
}

/* docs/config.md names every key and every limit with its default and its hard maximum. */
static void test_documented(void **state)
{
    (void)state;
    FILE *f = fopen(PST_SOURCE_ROOT "/docs/config.md", "rb");
    assert_non_null(f);
    char *doc = calloc(1, 1 << 18);
    assert_non_null(doc);
    size_t n = fread(doc, 1, (1 << 18) - 1, f);
    fclose(f);
    assert_true(n > 0);
    const char *section = NULL, *key = NULL;
    for (size_t i = 0; pst_config_key_at(i, &section, &key); i++) {
        char want[128];
        snprintf(want, sizeof want, "| `%s%s%s` |", section, section[0] != 0 ? "." : "", key);
        if (strstr(doc, want) == NULL) {
            fail_msg("docs/config.md lacks the row %s", want);
        }
    }
    for (size_t i = 0; i < PST_LIMIT_COUNT; i++) {
        const struct pst_limit_row *row = pst_limit_row((enum pst_limit)i);
        char want[256];
        snprintf(want, sizeof want, "| `%s` | %llu | %llu | %s |", row->name,
                 (unsigned long long)row->def, (unsigned long long)row->hard, row->unit);
        if (strstr(doc, want) == NULL) {
            fail_msg("docs/config.md lacks the row %s", want);
        }
    }
    free(doc);
}

int main(void)
{
    struct pst_arena arena;
    void *state = &arena;
    pst_arena_init(&arena, 1 << 16, 8 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_whole, state),
        cmocka_unit_test_prestate(test_whole_rest, state),
        cmocka_unit_test_prestate(test_least, state),
        cmocka_unit_test_prestate(test_listen, state),
        cmocka_unit_test_prestate(test_no_memory, state),
        cmocka_unit_test_prestate(test_refused, state),
        cmocka_unit_test_prestate(test_prefixes, state),
        cmocka_unit_test_prestate(test_too_many, state),
        cmocka_unit_test_prestate(test_documented, state),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pst_arena_release(&arena);
    return failed;
}
