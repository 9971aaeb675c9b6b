"""What keys of vendors look like. Only prefixes and alphabets stand here; tokens are put together when this runs.

`{class n}`: d digits, h H hexadecimal, a A lower- or upper-case letters and digits, x letters and digits, w base64url, s base64,
b base32, l u letters. `names` are what such a value is called; without a prefix the name is all there is to tell it by.
"""
import base64
import hashlib
import hmac
import json
import re
import string
import zlib

CLASSES = {"d": string.digits, "h": "0123456789abcdef", "H": "0123456789ABCDEF", "a": string.ascii_lowercase + string.digits,
           "A": string.ascii_uppercase + string.digits, "x": string.ascii_letters + string.digits, "w": string.ascii_letters + string.digits + "_-",
           "s": string.ascii_letters + string.digits + "+/", "b": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "l": string.ascii_lowercase, "u": string.ascii_uppercase}

# vendor; names; format. Told by its own form.
TOKENS = """
aws access key id; aws_access_key_id; AKIA{b 16}
aws temporary key id; aws_access_key_id; ASIA{b 16}
github personal; github_token gh_token; ghp_{x 36}
github oauth; github_oauth; gho_{x 36}
github app user; github_app_token; ghu_{x 36}
github app server; github_app_token; ghs_{x 36}
github fine-grained; github_pat; github_pat_{x 22}_{x 59}
gitlab personal; gitlab_token; glpat-{w 20}
gitlab pipeline trigger; trigger_token; glptt-{h 40}
gitlab runner; runner_token; glrt-{w 20}
gitlab deploy; deploy_token; gldt-{w 20}
openai legacy; openai_api_key; sk-{x 20}T3BlbkFJ{x 20}
openai project; openai_api_key; sk-proj-{w 58}T3BlbkFJ{w 58}
anthropic; anthropic_api_key; sk-ant-api03-{w 93}AA
anthropic admin; anthropic_admin_key; sk-ant-admin01-{w 93}AA
hugging face; hf_token; hf_{l 17}{u 17}
groq; groq_api_key; gsk_{x 52}
replicate; replicate_api_token; r8_{x 37}
perplexity; pplx_key; pplx-{x 48}
xai; xai_api_key; xai-{x 80}
openrouter; openrouter_key; sk-or-v1-{h 64}
langsmith; langchain_api_key; lsv2_pt_{h 32}_{h 10}
google api; google_api_key; AIza{w 35}
google oauth secret; client_secret; GOCSPX-{w 28}
google oauth access; access_token; ya29.{w 120}
stripe live; stripe_secret_key; sk_live_{x 24}
stripe live long; stripe_key; sk_live_51{x 97}
stripe restricted; stripe_restricted_key; rk_live_{x 24}
stripe test; stripe_test_key; sk_test_{x 24}
stripe webhook; webhook_secret; whsec_{x 32}
slack bot; slack_bot_token; xoxb-{d 12}-{d 12}-{x 24}
slack user; slack_token; xoxp-{d 12}-{d 12}-{d 12}-{h 32}
slack app; slack_app_token; xapp-1-A{A 10}-{d 13}-{h 64}
slack webhook; slack_url; https://hooks.slack.com/services/T{A 8}/B{A 8}/{x 24}
discord webhook; webhook_url; https://discord.com/api/webhooks/{d 18}/{w 68}
discord bot; discord_token; M{x 23}.{w 6}.{w 38}
telegram bot; telegram_bot_token; {d 10}:AA{w 33}
teams webhook; teams_url; https://contoso.webhook.office.com/webhookb2/{uuid}@{uuid}/IncomingWebhook/{h 32}/{uuid}
sendgrid; sendgrid_api_key; SG.{w 22}.{w 43}
mailgun; mailgun_api_key; key-{h 32}
mailchimp; mailchimp_key; {h 32}-us14
brevo; brevo_api_key; xkeysib-{h 64}-{x 16}
resend; resend_api_key; re_{x 8}_{x 24}
postman; postman_key; PMAK-{h 24}-{h 34}
twilio key; twilio_api_key; SK{h 32}
shopify access; shopify_token; shpat_{h 32}
shopify custom; shopify_token; shpca_{h 32}
shopify shared; shopify_secret; shpss_{h 32}
square access; square_token; sq0atp-{w 22}
square secret; square_secret; sq0csp-{w 43}
square production; square_access_token; EAAA{w 60}
paypal braintree; braintree_token; access_token$production${a 16}${h 32}
adyen; adyen_key; AQE{s 80}
flutterwave; flw_secret; FLWSECK-{h 32}-X
razorpay; razorpay_key; rzp_live_{x 14}
paystack; paystack_key; sk_live_{h 40}
npm; npm_token; npm_{x 36}
pypi; pypi_token; pypi-AgEIcHlwaS5vcmc{w 120}
rubygems; gem_api_key; rubygems_{h 48}
crates.io; cargo_token; cio{x 32}
nuget; nuget_key; oy2{a 43}
docker hub; docker_pat; dckr_pat_{w 27}
digitalocean; do_token; dop_v1_{h 64}
digitalocean oauth; do_oauth; doo_v1_{h 64}
linode; linode_token; {h 64}
hetzner; hcloud_token; {x 64}
heroku; heroku_api_key; HRKU-{uuid}
fly.io; fly_api_token; fo1_{w 43}
render; render_api_key; rnd_{x 28}
vercel blob; blob_token; vercel_blob_rw_{x 16}_{x 30}
netlify; netlify_token; nfp_{x 36}
supabase; supabase_key; sbp_{h 40}
planetscale password; pscale_password; pscale_pw_{w 43}
planetscale token; pscale_token; pscale_tkn_{w 43}
neon; neon_api_key; napi_{a 64}
databricks; databricks_token; dapi{h 32}
snyk; snyk_token; {uuid}
sonar; sonar_token; squ_{h 40}
sentry user; sentry_token; sntryu_{h 64}
grafana service; grafana_token; glsa_{x 32}_{h 8}
grafana cloud; grafana_cloud; glc_{s 80}
new relic user; newrelic_key; NRAK-{A 27}
new relic license; license_key; {h 36}NRAL
new relic insights; insights_key; NRII-{w 32}
dynatrace; dynatrace_token; dt0c01.{A 24}.{A 64}
pulumi; pulumi_access_token; pul-{h 40}
terraform cloud; tfc_token; {x 14}.atlasv1.{w 67}
vault service; vault_token; hvs.{w 95}
vault batch; vault_token; hvb.{w 140}
doppler; doppler_token; dp.pt.{x 43}
1password; op_token; ops_eyJ{s 250}
1password secret key; secret_key; A3-{A 6}-{A 11}-{A 5}-{A 5}-{A 5}
age; age_key; AGE-SECRET-KEY-1{bech 58}
atlassian; jira_token; ATATT3xFfGF0{w 170}={H 8}
bitbucket app; bitbucket_password; ATBB{x 32}
asana; asana_pat; 2/{d 16}/{d 16}:{h 32}
linear; linear_api_key; lin_api_{x 40}
notion; notion_token; ntn_{d 11}{x 35}
notion old; notion_secret; secret_{x 43}
figma; figma_token; figd_{w 40}
airtable; airtable_pat; pat{x 14}.{h 64}
typeform; typeform_token; tfp_{w 44}_{x 14}
contentful; contentful_pat; CFPAT-{w 43}
hubspot; hubspot_token; pat-na1-{uuid}
intercom; intercom_token; dG9rO{s 55}=
okta; okta_token; 00{w 40}
auth header jwt; jwt; {jwt}
mapbox secret; mapbox_token; sk.eyJ1Ijoi{w 60}.{w 22}
facebook; facebook_token; EAACEdEose0cBA{x 120}
twitter bearer; bearer_token; AAAAAAAAAAAAAAAAAAAAA{x 80}
linkedin; linkedin_secret; WPL_AP1.{x 16}.{s 6}==
dropbox; dropbox_token; sl.{w 136}
artifactory; artifactory_key; AKCp{x 69}
azure storage; account_key; {s 86}==
azure client secret; client_secret; {x 3}8Q~{w 34}
alibaba; alibaba_access_key; LTAI{x 20}
tencent; tencent_secret_id; AKID{x 32}
yandex; yandex_key; AQVN{w 36}
cloudflare origin; origin_ca_key; v1.0-{h 24}-{h 146}
launchdarkly; ld_sdk_key; sdk-{uuid}
confluent; confluent_secret; cflt{s 60}
easypost; easypost_key; EZAK{x 54}
duffel; duffel_token; duffel_live_{w 43}
readme; readme_key; rdme_{a 70}
tailscale; ts_key; tskey-auth-{x 12}-{x 32}
prefect; prefect_key; pnu_{a 36}
scalingo; scalingo_token; tk-us-{w 48}
clojars; clojars_token; CLOJARS_{a 60}
hashicorp boundary; boundary_token; at_{x 10}_{x 60}
"""

# vendor; names; format: nothing but the name tells it.
NAMED = """
aws secret; AWS_SECRET_ACCESS_KEY aws_secret_key; {s 40}
datadog api; DD_API_KEY datadog_api_key; {h 32}
datadog app; DD_APP_KEY datadog_app_key; {h 40}
cloudflare; CLOUDFLARE_API_TOKEN cf_api_token; {w 40}
cloudflare global; CLOUDFLARE_API_KEY cf_global_key; {h 37}
azure openai; AZURE_OPENAI_API_KEY azure_openai_key; {h 32}
cohere; COHERE_API_KEY cohere_key; {x 40}
mistral; MISTRAL_API_KEY mistral_key; {x 32}
deepseek; DEEPSEEK_API_KEY; {h 32}
pinecone; PINECONE_API_KEY; {uuid}
algolia; ALGOLIA_ADMIN_KEY algolia_api_key; {h 32}
twilio; TWILIO_AUTH_TOKEN twilio_auth; {h 32}
pagerduty; PAGERDUTY_TOKEN pd_api_key; {w 20}
trello; TRELLO_API_KEY trello_key; {h 32}
zendesk; ZENDESK_API_TOKEN; {x 40}
okta client; OKTA_CLIENT_SECRET; {w 40}
auth0; AUTH0_CLIENT_SECRET; {w 64}
circleci; CIRCLECI_TOKEN CIRCLE_TOKEN; {h 40}
travis; TRAVIS_TOKEN travis_api_token; {w 22}
codecov; CODECOV_TOKEN; {uuid}
heroku old; HEROKU_API_KEY; {uuid}
spotify; SPOTIFY_CLIENT_SECRET; {h 32}
twitter; TWITTER_API_SECRET twitter_consumer_secret; {x 50}
dropbox; DROPBOX_APP_SECRET; {a 15}
mailjet; MAILJET_SECRET_KEY; {h 32}
coinbase; COINBASE_API_SECRET; {x 32}
binance; BINANCE_API_SECRET binance_secret_key; {x 64}
kraken; KRAKEN_PRIVATE_KEY; {s 86}==
etsy; ETSY_API_KEY; {a 24}
yelp; YELP_API_KEY; {w 128}
bitly; BITLY_ACCESS_TOKEN; {h 40}
fastly; FASTLY_API_TOKEN; {w 32}
rollbar; ROLLBAR_ACCESS_TOKEN; {h 32}
segment; SEGMENT_WRITE_KEY; {x 32}
snowflake; SNOWFLAKE_PASSWORD; {x 16}!
elastic; ELASTIC_PASSWORD ELASTIC_API_KEY; {x 24}
rapidapi; RAPIDAPI_KEY; {x 50}
weather; OPENWEATHER_API_KEY; {h 32}
"""


def crc_tail(text):
    n, out = zlib.crc32(text.encode()), ""
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    while n:
        n, rest = divmod(n, 62)
        out = alphabet[rest] + out
    return out.rjust(6, "0")


def b64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwt(r):
    head = b64url(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
    body = b64url(json.dumps({"sub": str(r.randint(10**6, 10**7)), "iat": 1760000000 + r.randint(0, 10**6), "role": r.choice(["user", "admin"])},
                             separators=(",", ":")).encode())
    return f"{head}.{body}." + b64url(hmac.new(r.randbytes(32), f"{head}.{body}".encode(), hashlib.sha256).digest())


def build(r, pattern):
    def one(m):
        kind, _, n = m[1].partition(" ")
        if kind == "uuid":
            h = r.randbytes(16).hex()
            return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
        if kind == "jwt":
            return jwt(r)
        if kind == "bech":
            return "".join(r.choice("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L") for _ in range(int(n)))
        return "".join(r.choice(CLASSES[kind]) for _ in range(int(n)))
    value = re.sub(r"\{([a-zA-Z]+(?: \d+)?)\}", one, pattern)
    if re.match(r"gh[pousr]_|npm_", value):  # their last six characters are a check of the rest
        prefix, body = value.split("_")
        value = f"{prefix}_{body[:30]}{crc_tail(body[:30])}"
    return value


def table(text):
    return [(v.strip(), n.split(), f.strip()) for v, n, f in (line.split(";") for line in text.strip().splitlines())]


TOKEN_LIST, NAMED_LIST = table(TOKENS), table(NAMED)
# These carry no mark of their own: they are given to a name only.
NAME_NEEDED = {"linode", "hetzner", "snyk", "azure storage", "confluent"}
