#!/bin/sh
# How fast simorg loads a large Salesforce DX project, lists its metadata, and gives all of it out by retrieve.
#
#   bench/simorg_project.sh [SIMORG] [FILES]
#
# The project is generated: classes, layouts, and objects with their fields. Time is that of the server's process on all cores.
# Needs curl, python3 and a release build of simorg.
set -eu

simorg=${1:-target/release/simorg}
files=${2:-14000}

work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM

python3 - "$work/project" "$files" <<'PYTHON'
import json, os, sys
root, files = sys.argv[1], int(sys.argv[2])
head, ns = '<?xml version="1.0" encoding="UTF-8"?>\n', 'xmlns="http://soap.sforce.com/2006/04/metadata"'

def put(path, text):
    path = f"{root}/force-app/main/default/{path}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)

os.makedirs(root)
with open(f"{root}/sfdx-project.json", "w") as file:
    json.dump({"packageDirectories": [{"path": "force-app", "default": True}], "sourceApiVersion": "64.0"}, file)
# Of a hundred files 72 are those of classes, 7 are layouts, and 21 are fields of objects.
classes, layouts, objects = files * 36 // 100, files * 7 // 100, files * 21 // 100 // 50
for n in range(classes):
    body = "".join(f"    public static Integer step{i}(Integer x) {{ return x + {n * i % 97}; }}\n" for i in range(40))
    put(f"classes/Step{n:05}.cls", f"public class Step{n:05} {{\n{body}}}\n")
    put(f"classes/Step{n:05}.cls-meta.xml", f"{head}<ApexClass {ns}><apiVersion>64.0</apiVersion><status>Active</status></ApexClass>\n")
for n in range(objects):
    name = f"Thing{n:03}__c"
    put(f"objects/{name}/{name}.object-meta.xml",
        f"{head}<CustomObject {ns}><deploymentStatus>Deployed</deploymentStatus><label>Thing {n}</label><nameField><label>Name</label>"
        f"<type>Text</type></nameField><pluralLabel>Things {n}</pluralLabel><sharingModel>ReadWrite</sharingModel></CustomObject>\n")
    for i in range(49):
        put(f"objects/{name}/fields/Field{i:02}__c.field-meta.xml",
            f"{head}<CustomField {ns}><fullName>Field{i:02}__c</fullName><label>Field {i}</label><length>{20 + i}</length>"
            f"<type>Text</type></CustomField>\n")
for n in range(layouts):
    name = f"Thing{n % objects:03}__c-Layout {n}"
    put(f"layouts/{name}.layout-meta.xml",
        f"{head}<Layout {ns}><layoutSections><label>Information</label><layoutColumns><layoutItems><behavior>Required</behavior>"
        f"<field>Name</field></layoutItems></layoutColumns><style>OneColumn</style></layoutSections></Layout>\n")
PYTHON
echo "project: $(find "$work/project" -type f | wc -l) files, $(du -sm "$work/project" | cut -f1) MB on disk"

now() { date +%s.%N; }
cpu_s() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$server/stat"; }
began=$(now)
"$simorg" serve --project "$work/project" >"$work/url" 2>"$work/notes" &
server=$!
while [ ! -s "$work/url" ]; do
    kill -0 "$server"
    sleep 0.01
done
echo "load: $(awk -v a="$began" -v b="$(now)" -v cpu="$(cpu_s)" 'BEGIN { printf "%.1f s, %.1f s of processor time", b - a, cpu }'), $(wc -l <"$work/notes") notes"

before=$(cpu_s)
python3 - "$(cat "$work/url")" <<'PYTHON'
import base64, io, json, re, sys, time, urllib.request, zipfile
url = sys.argv[1]

def post(path, body, headers):
    with urllib.request.urlopen(urllib.request.Request(url + path, body.encode(), headers)) as answer:
        return answer.read().decode()

token = json.loads(post("/services/oauth2/token", "grant_type=client_credentials&client_id=simorg&client_secret=simorg",
                        {"Content-Type": "application/x-www-form-urlencoded"}))["access_token"]

def call(name, arguments):
    body = (f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/metadata"><e:Header>'
            f'<SessionHeader><sessionId>{token}</sessionId></SessionHeader></e:Header><e:Body><{name}>{arguments}</{name}></e:Body></e:Envelope>')
    return post("/services/Soap/m/64.0", body, {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'})

began, listed = time.time(), {}
for kind in ["ApexClass", "CustomObject", "CustomField", "Layout"]:
    answer = call("listMetadata", f"<queries><type>{kind}</type></queries><asOfVersion>64.0</asOfVersion>")
    listed[kind] = re.findall("<fullName>([^<]*)</fullName>", answer)
print(f"list: {time.time() - began:.1f} s,", ", ".join(f"{len(names)} of {kind}" for kind, names in listed.items()))

# A class is two files; all else is one. Fields come with their objects.
members = [("ApexClass", name, 2) for name in listed["ApexClass"]]
members += [(kind, name, 1) for kind in ["CustomObject", "Layout"] for name in listed[kind]]
began, chunk, held, chunks = time.time(), [], 0, []
for member in members:
    if held + member[2] > 9_990:
        chunks, chunk, held = chunks + [chunk], [], 0
    chunk.append(member)
    held += member[2]
files = zipped = unzipped = fields = 0
for chunk in chunks + [chunk]:
    kinds = sorted({kind for kind, _, _ in chunk})
    types = "".join("<types>" + "".join(f"<members>{name}</members>" for k, name, _ in chunk if k == kind) + f"<name>{kind}</name></types>"
                    for kind in kinds)
    asked = call("retrieve", f"<retrieveRequest><apiVersion>64.0</apiVersion><singlePackage>true</singlePackage><unpackaged>{types}"
                             f"<version>64.0</version></unpackaged></retrieveRequest>")
    job = re.search("<id>([^<]*)</id>", asked)[1]
    while True:
        status = call("checkRetrieveStatus", f"<asyncProcessId>{job}</asyncProcessId><includeZip>true</includeZip>")
        if "<done>true</done>" in status:
            break
    body = base64.b64decode(re.search("<zipFile>([^<]*)</zipFile>", status)[1])
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for entry in archive.infolist():
            files, unzipped = files + 1, unzipped + entry.file_size
            if entry.filename.endswith(".object"):
                fields += archive.read(entry).count(b"<fields>")
    zipped += len(body)
print(f"retrieve: {time.time() - began:.1f} s for {files} files with {fields} fields in {len(chunks) + 1} calls, "
      f"{zipped / 1e6:.1f} MB zipped, {unzipped / 1e6:.1f} MB unzipped")
PYTHON
awk -v a="$before" -v b="$(cpu_s)" 'BEGIN { printf "list and retrieve: %.1f s of processor time\n", b - a }'
awk '/VmHWM/ { printf "memory at its highest: %d MiB\n", $2 / 1024 }' "/proc/$server/status"
