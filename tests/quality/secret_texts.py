"""Ways in which secrets are given, and what only looks like one."""
import base64

from secret_formats import NAME_NEEDED, NAMED_LIST, TOKEN_LIST, build

# {N} a name, {V} the secret. Even ones for development, odd ones held out.
TOKEN_WAYS = ["{V}", "export {N}={V}", "{n}: {V}\n", "use this one for now: {V} (expires friday)", "const {n} = \"{V}\";", "curl -H \"Authorization: Bearer {V}\" https://api.example.com/v1/me",
              "{{\"{n}\": \"{V}\", \"timeout\": 30}}", "ERROR auth failed for token {V} after 3 tries", "client = Client(api_key=\"{V}\")", "git clone https://oauth2:{V}@git.example.com/team/app.git",
              "mein Schlüssel ist {V}, bitte nicht weitergeben", "voici la clé : {V}", "это ключ: {V}", "密钥是{V}，请保密", "{N}='{V}' ./deploy.sh", "  - name: {N}\n    value: {V}\n"]
NAMED_WAYS = ["export {N}={V}", "{N}=\"{V}\"\n", "{n}: \"{V}\"\n", "os.environ[\"{N}\"] = \"{V}\"", "process.env.{N} = '{V}';", "\"{n}\": \"{V}\",", "ENV {N}={V}", "  {n} = \"{V}\"\n",
              "--set {n}={V}", "var {n} string = \"{V}\"", "- {N}={V}", "set {N}={V}\r\n", "$env:{N} = \"{V}\"", "define('{N}', '{V}');", "private static final String {N} = \"{V}\";", "{n} => '{V}',"]

# Passwords and keys of no vendor: text, language.
GENERIC_WAYS = [
    ("password = \"{V}\"", "code"), ("db_password: {V}\n", "yaml"), ("DB_PASS={V}\n", "env"), ("<password>{V}</password>", "xml"), ("\"password\": \"{V}\"", "json"),
    ("conn = psycopg2.connect(host='db', user='app', password='{V}')", "code"), ("jdbc:mysql://db:3306/app?user=root&password={V}", "url"),
    ("postgres://app:{V}@db.internal:5432/app", "url"), ("mongodb+srv://root:{V}@cluster0.ab1cd.mongodb.net/prod", "url"), ("redis://:{V}@cache:6379/0", "url"),
    ("mysql -u root -p{V} app", "cli"), ("sshpass -p '{V}' ssh deploy@10.1.2.3", "cli"), ("curl -u admin:{V} https://intranet.example.com/api", "cli"),
    ("Authorization: Basic {B}", "header"), ("machine git.example.com login ci password {V}", "netrc"), ("db.internal:5432:app:postgres:{V}", "pgpass"),
    ("Server=tcp:sql1,1433;Database=app;User ID=sa;Password={V};Encrypt=true", "connection"), ("spring.datasource.password={V}\n", "properties"),
    ("$password = '{V}';", "code"), ("private String apiSecret = \"{V}\";", "code"), ("let dbPassword = \"{V}\"", "code"), ("secret_key_base: {K}\n", "yaml"), ("SECRET_KEY = '{K}'", "code"),
    ("JWT_SECRET={K}\n", "env"), ("encryption_key = \"{K}\"", "code"), ("api_key={K}&user=7", "url"), ("X-Api-Key: {K}", "header"), ("//registry.npmjs.org/:_authToken={K}", "npmrc"),
    ("CREATE USER app WITH PASSWORD '{V}';", "sql"), ("ALTER USER 'root'@'%' IDENTIFIED BY '{V}';", "sql"), ("net.user.password={V}", "properties"), ("docker login -u ci -p {V} registry.example.com", "cli"),
    ("the admin password is {V}", "en"), ("login with user admin / password {V} on the staging box", "en"), ("my wifi password: {V}", "en"), ("username: jdoe\npassword: {V}\n", "en"),
    ("das Passwort lautet {V}", "de"), ("Kennwort: {V}", "de"), ("la contraseña es {V}", "es"), ("contraseña: {V}", "es"), ("le mot de passe est {V}", "fr"), ("mot de passe : {V}", "fr"),
    ("la password è {V}", "it"), ("a senha é {V}", "pt"), ("senha: {V}", "pt"), ("het wachtwoord is {V}", "nl"), ("hasło: {V}", "pl"), ("пароль: {V}", "ru"), ("мой пароль {V}", "ru"), ("şifre: {V}", "tr"),
    ("密码：{V}", "zh"), ("密码是{V}", "zh"), ("パスワードは{V}です", "ja"), ("パスワード：{V}", "ja"), ("비밀번호: {V}", "ko"), ("كلمة المرور: {V}", "ar"), ("הסיסמה: {V}", "he"), ("पासवर्ड: {V}", "hi"),
    ("lösenord: {V}", "sv"), ("heslo: {V}", "cs"), ("jelszó: {V}", "hu"), ("parola: {V}", "ro"), ("κωδικός πρόσβασης: {V}", "el"), ("mật khẩu: {V}", "vi"), ("kata sandi: {V}", "id"), ("salasana: {V}", "fi"),
    ("PASSWORD \"{V}\"", "config"), ("requirepass {V}", "config"), ("ansible_ssh_pass={V}", "ini"), ("set password {V}", "config"), ("pwd={V};uid=sa", "connection"), ("passphrase: \"{V}\"", "yaml"),
    ("password:\n  value: {V}\n", "yaml"), ("<add key=\"DbPassword\" value=\"{V}\" />", "xml"), ("auth: {{ user: 'ops', pass: '{V}' }}", "code"), ("login('ops@example.com', password='{V}')", "code"),
    ("if password == \"{V}\":", "code"), ("const token = `{K}`;", "code"), ("access_token: {K}\n", "yaml"), ("client_secret={K}", "env"), ("\"refresh_token\":\"{K}\"", "json"), ("Cookie: sessionid={K}", "header"),
]


def password(r):
    w = ["Winter", "Falcon", "Kaffee", "Sonne", "tiger", "Madrid", "dragon", "Harbor", "Blume", "soccer", "Monday", "Rocket"]
    return r.choice([lambda: r.choice(w) + str(r.randint(10, 2029)) + r.choice("!#$*?"), lambda: r.choice(w) + r.choice("@_-.") + r.choice(w) + str(r.randint(1, 99)),
                     lambda: "".join(r.choice("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(r.randint(10, 18))),
                     lambda: "".join(r.choice("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#%*+=?") for _ in range(r.randint(12, 20))),
                     lambda: r.choice(["hunter", "qwerty", "letme1n", "s3cr3t", "pa55w0rd"]) + str(r.randint(2, 999))])()


def key(r):
    return r.choice([lambda: r.randbytes(16).hex(), lambda: r.randbytes(20).hex(), lambda: r.randbytes(32).hex(), lambda: base64.b64encode(r.randbytes(32)).decode(),
                     lambda: "".join(r.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(r.randint(24, 48)))])()


def pem(r, kind):
    body = base64.b64encode(r.randbytes(600)).decode()
    rows = "\n".join(body[i:i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN {kind}-----\n{rows}\n-----END {kind}-----"


PRIVATE = ["RSA PRIVATE" + " KEY", "EC PRIVATE" + " KEY", "PRIVATE" + " KEY", "OPENSSH PRIVATE" + " KEY", "ENCRYPTED PRIVATE" + " KEY", "DSA PRIVATE" + " KEY", "PGP PRIVATE" + " KEY BLOCK"]


def place(way, names, value):
    """→ text and the place of the secret."""
    name = names[0]
    way = way.replace("{{", "\1").replace("}}", "\2").replace("{N}", name.upper()).replace("{n}", name.lower()).replace("\1", "{").replace("\2", "}")
    mark = "{V}" if "{V}" in way else "{K}" if "{K}" in way else "{B}"
    head, _, tail = way.partition(mark)
    if mark == "{B}":
        value = base64.b64encode(f"admin:{value}".encode()).decode()
    return head + value + tail, (len(head), len(head) + len(value))


def positives(r, per=3):
    """→ (text, span, kind, split, way)"""
    for n, (vendor, names, pattern) in enumerate(TOKEN_LIST):
        ways = NAMED_WAYS if vendor in NAME_NEEDED else TOKEN_WAYS
        for i in range(per * 2):
            w = r.choice([k for k in range(len(ways)) if k % 2 == i % 2])
            yield (*place(ways[w], names, build(r, pattern)), "vendor " + vendor, ("dev", "held")[i % 2], "token in " + ways[w])
    for vendor, names, pattern in NAMED_LIST:
        for i in range(per * 2):
            w = r.choice([k for k in range(len(NAMED_WAYS)) if k % 2 == i % 2])
            yield (*place(NAMED_WAYS[w], names, build(r, pattern)), "named " + vendor, ("dev", "held")[i % 2], "named in " + NAMED_WAYS[w])
    for n, (way, lang) in enumerate(GENERIC_WAYS):
        for i in range(per + 1):
            yield (*place(way, [""], key(r) if "{K}" in way else password(r)), f"generic {lang}: {way[:40]!r}", ("dev", "held")[n % 2], "generic " + lang)
    for n, kind in enumerate(PRIVATE):
        for i in range(per):
            text = pem(r, kind)
            yield "# key of the build host\n" + text + "\n", (24, 24 + len(text)), "private key " + kind, ("dev", "held")[n % 2], "private key"


NEGATIVE_LINES = """
password = get_password_from_vault(user)|password: str = Field(min_length=8)|const token = await getToken(req);|api_key = os.environ["API_KEY"]
secret: ${DB_SECRET}|password: "{{ vault_db_password }}"|PASSWORD=changeme|api_key = "YOUR_API_KEY"|token: <your-token-here>|SECRET_KEY=xxxxxxxxxxxxxxxxxxxx
password = "********"|password=$1|if (password == null || password.isEmpty()) {|passwordField.setText("");|def reset_password(token: str, new_password: str) -> None:
Password must be at least 12 characters.|Forgot your password? Click here.|token = request.headers.get("Authorization")|key = lambda item: item.created_at|for key, value in settings.items():
primary_key = "customer_id"|foreign_key: customer_uuid|cache_key = f"user:{user_id}:profile"|public_key_path = "/etc/ssl/certs/server.pem"|sort_key=created_at|"key": "translation.menu.settings"
secretName: db-credentials|secretKeyRef: { name: db, key: password }|valueFrom: secretKeyRef|tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")|max_tokens: 4096|token_count = len(tokens)
author = "The Platform Team"|import { passwordStrength } from 'check-password-strength';|<input type="password" name="password" placeholder="Password">|label.password=Passwort|auth_type = "bearer"
access_token_url = "https://login.example.com/oauth2/token"|REACT_APP_API_KEY=|client_secret: !vault |password_hash_algorithm = argon2id|private_key_file: ~/.ssh/id_ed25519|API_KEY = config("API_KEY", default="")
getSecretValue({ SecretId: "prod/db" })|password: process.env.DB_PASSWORD,|this.password = password;|self.secret = secret|return hash_password(password, salt)|String password = scanner.nextLine();
assert user.check_password("wrong") is False|# later: rotate the secret every 90 days|token expired, please log in again|The secret of good coffee is fresh water.|Der Schlüssel liegt unter der Matte.|La clave del éxito es la paciencia.
le mot de passe doit contenir huit caractères|La contraseña ha caducado, cámbiela por favor.|пароль слишком короткий|密码长度不能少于8位|パスワードを忘れた方はこちら|비밀번호를 입력하세요|password reset email sent|JWT_ALGORITHM=HS256
AWS_REGION=eu-central-1|aws_access_key_id = %(aws_key)s|github_token: ${{ secrets.GITHUB_TOKEN }}|NPM_TOKEN: $NPM_TOKEN|SLACK_CHANNEL=#builds|STRIPE_API_VERSION=2024-06-20|openai_api_base = "https://api.openai.com/v1"
"""


def negatives(r):
    """Lines in which there is no secret; the second half is random and long, as lock files and builds are."""
    for line in NEGATIVE_LINES.strip().replace("\n", "|").split("|"):
        yield line, "words"
    for _ in range(25):
        h = r.randbytes(32).hex()
        yield f"      \"integrity\": \"sha512-{base64.b64encode(r.randbytes(64)).decode()}\",", "lock file"
        yield f"sha256:{h}", "hash"
        yield f"commit {r.randbytes(20).hex()}\nAuthor: The Team\n", "git"
        yield f"index {r.randbytes(4).hex()[:7]}..{r.randbytes(4).hex()[:7]} 100644", "git"
        yield f"github.com/pkg/errors v0.9.1 h1:{base64.b64encode(r.randbytes(32)).decode()}", "lock file"
        yield f"    {{file = \"lib-1.{r.randint(0, 9)}-py3-none-any.whl\", hash = \"sha256:{h}\"}},", "lock file"
        yield f"ETag: \"{r.randbytes(16).hex()}\"", "hash"
        yield f"background: url(data:image/png;base64,{base64.b64encode(r.randbytes(90)).decode()})", "image"
        yield f"trace_id={r.randbytes(16).hex()} span_id={r.randbytes(8).hex()}", "telemetry"
        yield f"image: registry.example.com/app@sha256:{h}", "hash"
        u = r.randbytes(16).hex()
        yield f"{{\"id\":\"{u[:8]}-{u[8:12]}-4{u[13:16]}-b{u[17:20]}-{u[20:]}\",\"name\":\"invoice\"}}", "uuid"
        yield "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + base64.b64encode(r.randbytes(32)).decode()[:43] + " ci@build", "public key"
        yield "!function(e,t){\"object\"==typeof exports?module.exports=t():e.lib=t()}(this,function(){var " + "".join(r.choice("abcdefgh") for _ in range(3)) + "=[];return n(0)});", "minified"
    for _ in range(6):
        yield pem(r, "CERTIFICATE"), "certificate"
        yield pem(r, "PUBLIC" + " KEY"), "public key"
