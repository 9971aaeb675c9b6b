"""Whole small repositories: ordinary files with and without a secret, so that a scanner can be judged repository by repository.

In a file `<<P>>` is a password, `<<K>>` a key, `<<T:vendor>>` a vendor's token, `<<M>>` a private key: all to be found.
`<<h:n>>` is a harmless hexadecimal string, `<<s:n>>` a harmless base64 one, `<<u>>` a UUID.
"""
import base64
import random
import re

from secret_formats import TOKEN_LIST, build
from secret_texts import PRIVATE, key, password, pem

PATTERNS = {v: f for v, _, f in TOKEN_LIST}

# name, text; {a|b} chooses between a leak and its clean form.
FILES = [
    ("settings.py", "import os\n\nDEBUG = False\nALLOWED_HOSTS = ['shop.example.com']\nSECRET_KEY = {'<<K>>'|os.environ['SECRET_KEY']}\nDATABASES = {{\n    'default': {{\n        'ENGINE': 'django.db.backends.postgresql',\n        'NAME': 'shop',\n        'USER': 'shop',\n        'PASSWORD': {'<<P>>'|env('DB_PASSWORD')},\n        'HOST': 'db',\n    }}\n}}\nAUTH_PASSWORD_VALIDATORS = [{{'NAME': 'django.contrib.auth.password_validation.MinimumLengthValidator'}}]\nSESSION_COOKIE_NAME = 'sid'\nCACHE_KEY_PREFIX = 'shop-v2'\n"),
    (".env", "NODE_ENV=production\nPORT=8080\nDATABASE_URL={postgres://app:<<P>>@db:5432/app|postgres://localhost/app}\nSTRIPE_SECRET_KEY={<<T:stripe live>>|}\nSENDGRID_API_KEY={<<T:sendgrid>>|${{SENDGRID_API_KEY}}}\nSESSION_SECRET={<<K>>|change_me}\nLOG_LEVEL=info\nPUBLIC_URL=https://shop.example.com\n"),
    ("docker-compose.yml", "version: '3.8'\nservices:\n  db:\n    image: postgres:15\n    environment:\n      POSTGRES_USER: app\n      POSTGRES_PASSWORD: {<<P>>|${{POSTGRES_PASSWORD}}}\n  cache:\n    image: redis@sha256:<<h:64>>\n    command: redis-server --requirepass {<<P>>|$REDIS_PASSWORD}\n"),
    ("deploy.sh", "#!/bin/bash\nset -euo pipefail\nregion=eu-central-1\nexport AWS_ACCESS_KEY_ID={<<T:aws access key id>>|$1}\nexport AWS_SECRET_ACCESS_KEY={<<S>>|$2}\naws s3 sync dist/ s3://shop-static --delete\nsha=$(git rev-parse HEAD)\necho \"deployed $sha\"\n"),
    ("main.tf", "provider \"aws\" {{\n  region     = \"eu-west-1\"\n  access_key = {\"<<T:aws access key id>>\"|var.access_key}\n  secret_key = {\"<<S>>\"|var.secret_key}\n}}\n\nresource \"aws_db_instance\" \"main\" {{\n  username = \"root\"\n  password = {\"<<P>>\"|random_password.db.result}\n  kms_key_id = \"arn:aws:kms:eu-west-1:111122223333:key/<<u>>\"\n}}\n"),
    ("values.yaml", "image:\n  repository: registry.example.com/app\n  digest: sha256:<<h:64>>\nsecrets:\n  jwtSecret: {<<K>>|\"\"}\n  existingSecret: app-secrets\n  smtpPassword: {<<P>>|null}\nresources:\n  limits: {{ cpu: 500m, memory: 256Mi }}\n"),
    ("application.properties", "server.port=8081\nspring.datasource.url=jdbc:postgresql://db/app\nspring.datasource.username=app\nspring.datasource.password={<<P>>|${{DB_PASSWORD}}}\njwt.secret={<<K>>|${{JWT_SECRET}}}\nmanagement.endpoints.web.exposure.include=health\npassword.min.length=12\n"),
    ("config.go", "package config\n\nconst (\n\tDefaultPort = 8080\n\tAPIVersion  = \"2026-01-01\"\n)\n\nvar token = {\"<<T:github personal>>\"|os.Getenv(\"GITHUB_TOKEN\")}\n\nfunc Password(user string) (string, error) {{\n\treturn vault.Read(\"secret/data/\" + user)\n}}\n"),
    ("client.ts", "import {{ createClient }} from './sdk';\n\nexport const client = createClient({{\n  baseUrl: 'https://api.example.com',\n  apiKey: {'<<T:openai project>>'|process.env.OPENAI_API_KEY},\n  timeoutMs: 30000,\n}});\n\nexport type TokenPair = {{ accessToken: string; refreshToken: string }};\n"),
    ("Client.java", "public final class Client {{\n    private static final String API_KEY = {\"<<T:google api>>\"|System.getenv(\"API_KEY\")};\n    private static final int MAX_TOKENS = 4096;\n    private final String passwordHash;\n\n    public boolean verify(String password) {{\n        return BCrypt.checkpw(password, this.passwordHash);\n    }}\n}}\n"),
    (".github/workflows/ci.yml", "on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@<<h:40>>\n      - run: npm ci\n        env:\n          NPM_TOKEN: {<<T:npm>>|${{{{ secrets.NPM_TOKEN }}}}}\n      - uses: codecov/codecov-action@v4\n        with:\n          token: ${{{{ secrets.CODECOV_TOKEN }}}}\n"),
    ("inventory.ini", "[web]\nweb1 ansible_host=10.0.0.11 ansible_user=deploy\n[web:vars]\nansible_password={<<P>>|\"{{{{ vault_pw }}}}\"}\nhttp_port=80\n"),
    ("wp-config.php", "<?php\ndefine('DB_NAME', 'blog');\ndefine('DB_USER', 'blog');\ndefine('DB_PASSWORD', {'<<P>>'|getenv('DB_PASSWORD')});\ndefine('AUTH_KEY', {'<<K>>'|getenv('AUTH_KEY')});\n$table_prefix = 'wp_';\n"),
    ("appsettings.json", "{{\n  \"Logging\": {{ \"LogLevel\": {{ \"Default\": \"Information\" }} }},\n  \"ConnectionStrings\": {{\n    \"Main\": \"Server=sql1;Database=app;User Id=sa;Password={<<P>>;|%DB_PASSWORD%;}TrustServerCertificate=true\"\n  }},\n  \"Jwt\": {{ \"Issuer\": \"https://login.example.com\", \"Key\": \"{<<K>>|}\" }}\n}}\n"),
    ("notebook.ipynb", "{{\"cells\": [{{\"cell_type\": \"code\", \"source\": [\"import anthropic\\n\", \"client = anthropic.Anthropic({api_key='<<T:anthropic>>'|})\\n\", \"print(client.models.list())\"], \"outputs\": [{{\"data\": {{\"image/png\": \"iVBORw0KGgo<<s:200>>\"}}}}]}}], \"nbformat\": 4}}\n"),
    ("bot.rb", "require 'slack-ruby-client'\n\nSlack.configure do |c|\n  c.token = {'<<T:slack bot>>'|ENV.fetch('SLACK_TOKEN')}\nend\n\nclass Session\n  attr_reader :token, :password_digest\nend\n"),
    ("id_rsa", "{<<M>>|ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI<<s:43>> deploy@ci}\n"),
    (".npmrc", "registry=https://registry.npmjs.org/\n//registry.npmjs.org/:_authToken={<<T:npm>>|${{NPM_TOKEN}}}\nsave-exact=true\n"),
    ("README.md", "# Shop\n\nCopy `.env.example` to `.env` and set `DB_PASSWORD=your_password_here`.\n\nLog in to staging with admin / {password <<P>>|the password from the vault}.\n\nThe token is sent as `Authorization: Bearer <token>`.\n"),
    ("package-lock.json", "{{\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n    \"node_modules/left\": {{ \"version\": \"1.3.0\", \"resolved\": \"https://registry.npmjs.org/left/-/left-1.3.0.tgz\", \"integrity\": \"sha512-<<s:86>>==\" }},\n    \"node_modules/right\": {{ \"version\": \"2.0.1\", \"integrity\": \"sha512-<<s:86>>==\" }}\n  }}\n}}\n"),
    ("go.sum", "github.com/pkg/errors v0.9.1 h1:<<s:43>>=\ngithub.com/pkg/errors v0.9.1/go.mod h1:<<s:43>>=\ngolang.org/x/sys v0.20.0 h1:<<s:43>>=\n"),
    ("poetry.lock", "[[package]]\nname = \"requests\"\nversion = \"2.32.3\"\nfiles = [\n    {{file = \"requests-2.32.3-py3-none-any.whl\", hash = \"sha256:<<h:64>>\"}},\n    {{file = \"requests-2.32.3.tar.gz\", hash = \"sha256:<<h:64>>\"}},\n]\n"),
    ("auth.py", "from dataclasses import dataclass\n\n\n@dataclass\nclass Credentials:\n    username: str\n    password: str\n    token: str | None = None\n\n\ndef login(username: str, password: str) -> str:\n    user = User.query.filter_by(username=username).first()\n    if not user or not check_password_hash(user.password_hash, password):\n        raise InvalidCredentials('wrong username or password')\n    return create_access_token(identity=user.id, secret=current_app.config['JWT_SECRET'])\n"),
    ("test_auth.py", "def test_login(client):\n    r = client.post('/login', json={{'username': 'anna', 'password': {'<<P>>'|fake_password}}})\n    assert r.status_code == 200\n    token = r.json()['access_token']\n    assert decode_token(token)['sub'] == 'anna'\n"),
    ("form.html", "<form method=\"post\">\n  <label for=\"password\">Password</label>\n  <input id=\"password\" type=\"password\" name=\"password\" autocomplete=\"current-password\">\n  <input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"{{% csrf_token %}}\">\n</form>\n"),
    ("messages_de.properties", "login.password=Passwort\nlogin.password.forgot=Passwort vergessen?\nerror.token.expired=Die Sitzung ist abgelaufen\nsettings.apikey=API-Schlüssel\nsettings.secret.hint=Mindestens 32 Zeichen\n"),
    ("schema.sql", "CREATE TABLE users (\n  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),\n  password_hash varchar(255) NOT NULL,\n  api_key_hash char(64),\n  reset_token varchar(64)\n);\n{CREATE USER app WITH PASSWORD '<<P>>'|CREATE ROLE app LOGIN};\n"),
    ("access.log", "10.0.0.4 - - [02/Mar/2026:10:11:12 +0000] \"GET /assets/app.<<h:20>>.js HTTP/1.1\" 200 5123\n10.0.0.5 - - [02/Mar/2026:10:11:13 +0000] \"GET /api/items?api_key={<<K>>|REDACTED} HTTP/1.1\" 200 88\n10.0.0.5 - - [02/Mar/2026:10:11:14 +0000] \"POST /login HTTP/1.1\" 302 0\n"),
    ("values.nix", "{{ config, ... }}: {{\n  services.app.tokenFile = config.age.secrets.app.path;\n  sha256 = \"<<s:43>>=\";\n  services.app.adminPassword = {\"<<P>>\"|null};\n}}\n"),
    ("Makefile", "VERSION := 1.4.2\nIMAGE := registry.example.com/app:$(VERSION)\n\npush:\n\tdocker login -u ci -p {<<T:docker hub>>|$(DOCKER_TOKEN)} registry.example.com\n\tdocker push $(IMAGE)\n"),
    ("telemetry.jsonl", "{{\"trace_id\":\"<<h:32>>\",\"span_id\":\"<<h:16>>\",\"name\":\"GET /items\",\"user\":\"<<u>>\"}}\n{{\"trace_id\":\"<<h:32>>\",\"span_id\":\"<<h:16>>\",\"name\":\"db.query\"}}\n"),
    ("chat.txt", "[10:01] lea: staging is down again\n[10:02] tom: try restarting, {root password is <<P>>|creds are in the vault}\n[10:03] lea: thanks, that worked\n"),
]


def fill(r, template, chance):
    """→ text, places of secrets."""
    text = template.replace("{{", "\1").replace("}}", "\2")

    def choose(m):
        leak, _, clean = m[1].partition("|")
        return leak if r.random() < chance else clean
    text = re.sub(r"\{([^{}]*)\}", choose, text).replace("\1", "{").replace("\2", "}")
    parts, gold, at = [], [], 0
    for piece in re.split(r"(<<[^<>]+>>)", text):
        if piece.startswith("<<"):
            kind = piece[2:-2]
            secret = True
            if kind == "P":
                piece = password(r)
            elif kind == "K":
                piece = key(r)
            elif kind == "S":
                piece = build(r, "{s 40}")
            elif kind == "M":
                piece = pem(r, r.choice(PRIVATE))
            elif kind.startswith("T:"):
                piece = build(r, PATTERNS[kind[2:]])
            else:
                secret = False
                n = int(kind[2:] or 0)
                u = r.randbytes(16).hex()
                piece = {"h": r.randbytes(n).hex()[:n], "s": base64.b64encode(r.randbytes(n)).decode()[:n],
                         "u": f"{u[:8]}-{u[8:12]}-4{u[13:16]}-9{u[17:20]}-{u[20:]}"}[kind[0]]
            if secret:
                gold.append((at, at + len(piece)))
        parts.append(piece)
        at += len(piece)
    return "".join(parts), gold


def repositories(seed=5, count=20):
    """→ (repository, file, text, gold)"""
    r = random.Random(seed)
    for n in range(count):
        chance = r.choice([0, .2, .4, .4, .6])
        for name, template in r.sample(FILES, r.randint(10, 18)):
            yield (f"repo{n:02d}", name, *fill(r, template, chance))
