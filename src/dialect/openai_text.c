/* What this gateway says in OpenAI's shape by itself: errors and lists of models. */
#include "dialect/openai.h"
#include "wire/json_out.h"

bool pst_openai_error_write(struct pst_buf *out, const struct pst_err *err,
                            struct pst_str request_id)
{
    const struct pst_error_row *row = pst_error_row(err->code);
    struct pst_buf message;
    pst_buf_init(&message, 1024);
    pst_buf_add(&message, pst_str_c(err->text[0] != '\0' ? err->text : row->text));
    if (request_id.n > 0) {
        PST_BUF_LIT(&message, " (request id ");
        pst_buf_add(&message, pst_str_cut(request_id, 0, 128));
        PST_BUF_LIT(&message, ")");
    }
    size_t before = out->n;
    struct pst_json_out o;
    pst_json_out_init(&o, out);
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "error");
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "message");
    pst_json_out_lossy(&o, pst_buf_str(&message));
    pst_json_out_kstr(&o, "type", pst_str_c(row->type));
    PST_JSON_KEY(&o, "param");
    pst_json_out_null(&o);
    pst_json_out_kstr(&o, "code", pst_str_c(row->code));
    pst_json_out_end(&o);
    if (request_id.n > 0) {
        PST_JSON_KEY(&o, "request_id");
        pst_json_out_lossy(&o, request_id);
    }
    pst_json_out_end(&o);
    bool ok = pst_json_out_ok(&o) && !message.failed;
    if (!ok) {
        pst_buf_truncate(out, before);
    }
    pst_buf_release(&message);
    return ok;
}

/* Only what cannot be a key, a prompt or a name: lower-case letters and underscores. */
static struct pst_str safe_code(const struct pst_json *body)
{
    const struct pst_json *error = PST_JSON_GET(body, "error");
    static const struct pst_str names[] = {PST_STR_INIT("code"), PST_STR_INIT("type")};
    for (size_t i = 0; i < PST_LEN(names); i++) {
        struct pst_str code;
        if (!pst_json_str(pst_json_get(error, names[i]), &code) || code.n == 0 || code.n > 48) {
            continue;
        }
        size_t k = 0;
        while (k < code.n && ((code.p[k] >= 'a' && code.p[k] <= 'z') || code.p[k] == '_')) {
            k++;
        }
        if (k == code.n) {
            return code;
        }
    }
    return (struct pst_str){NULL, 0};
}

void pst_openai_upstream_error(uint32_t status, const struct pst_json *body, struct pst_err *err)
{
    enum pst_error code = PST_E_UPSTREAM_STATUS;
    const char *text = "the upstream failed";
    switch (status) {
    case 400:
    case 404:
    case 413:
    case 422:
        code = PST_E_UPSTREAM_REFUSED;
        text = "the upstream did not accept the request";
        break;
    case 401:
    case 403:
        text = "the upstream refused the gateway";
        break;
    case 429:
        code = PST_E_UPSTREAM_RATE_LIMITED;
        text = "the upstream's rate limit was reached; try again later";
        break;
    case 200:
        text = "the upstream reported an error in its answer";
        break;
    default:
        break;
    }
    struct pst_str word = safe_code(body);
    if (word.n > 0) {
        (void)pst_fail(err, code, "%s (status %u, %.*s)", text, (unsigned)status, PST_FMT(word));
    } else {
        (void)pst_fail(err, code, "%s (status %u)", text, (unsigned)status);
    }
}

/* --- models ---------------------------------------------------------------------------------- */

static void put_model(struct pst_json_out *o, struct pst_str alias)
{
    pst_json_out_object(o);
    pst_json_out_kstr(o, "id", alias);
    pst_json_out_kstr(o, "object", PST_STR("model"));
    pst_json_out_ku64(o, "created", 0);
    pst_json_out_kstr(o, "owned_by", PST_STR("postern"));
    pst_json_out_end(o);
}

bool pst_openai_models_write(struct pst_buf *out, const struct pst_str *aliases, size_t n)
{
    size_t before = out->n;
    struct pst_json_out o;
    pst_json_out_init(&o, out);
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "object", PST_STR("list"));
    PST_JSON_KEY(&o, "data");
    pst_json_out_array(&o);
    for (size_t i = 0; i < n; i++) {
        put_model(&o, aliases[i]);
    }
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    if (!pst_json_out_ok(&o)) {
        pst_buf_truncate(out, before);
        return false;
    }
    return true;
}

bool pst_openai_model_write(struct pst_buf *out, struct pst_str alias)
{
    size_t before = out->n;
    struct pst_json_out o;
    pst_json_out_init(&o, out);
    put_model(&o, alias);
    if (!pst_json_out_ok(&o)) {
        pst_buf_truncate(out, before);
        return false;
    }
    return true;
}
