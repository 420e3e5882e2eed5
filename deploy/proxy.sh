#!/bin/sh
# Starts nginx with the settings of the environment in its configuration. Needs nginx, sed, sort and cut.
#
#   EBB_UPLOAD_BYTES           the largest upload, as the service has it
#   PROXY_SERVICE              where the service answers
#   PROXY_LISTEN               the port, or address and port, to listen at
#   PROXY_REQUESTS             requests that a web container may hold at a time; the next is 503
#   PROXY_CLIENT_CONNECTIONS   requests that one client address may have under way at a time; the next is 429
#   PROXY_CLIENT_BODIES        of these, how many with a body of a megabyte or more
#   PROXY_FOLDER, PROXY_SPOOL  folders for nginx' own files, and for bodies and answers that do not fit into memory
set -eu
folder=${PROXY_FOLDER:-/tmp}
spool=${PROXY_SPOOL:-$folder}
service=${PROXY_SERVICE:-web:8000}
configuration=$folder/nginx.conf

sed -e "s|@UPLOAD_BYTES@|${EBB_UPLOAD_BYTES:-2147483648}|g" \
    -e "s|@SERVICE@|$service|g" \
    -e "s|@LISTEN@|${PROXY_LISTEN:-8000}|g" \
    -e "s|@REQUESTS@|${PROXY_REQUESTS:-32}|g" \
    -e "s|@CLIENT_CONNECTIONS@|${PROXY_CLIENT_CONNECTIONS:-1000}|g" \
    -e "s|@CLIENT_BODIES@|${PROXY_CLIENT_BODIES:-32}|g" \
    -e "s|@FOLDER@|$folder|g" \
    -e "s|@SPOOL@|$spool|g" \
    "$(dirname "$0")/nginx.conf" > "$configuration"

# Before 1.27.3 nginx looks a name up once, when it starts: there it reads its configuration again when that changes.
version=$(nginx -v 2>&1 | sed 's|.*nginx/\([0-9.]*\).*|\1|')
if [ "$(printf '%s\n1.27.3\n' "$version" | sort -V | head -n 1)" != 1.27.3 ]; then
    sed -i 's| resolve;|;|' "$configuration"
    addresses() { getent ahosts "${service%:*}" | cut -d ' ' -f 1 | sort -u; }  # without the name, whose line varies
    known=$(addresses)
    while sleep 2; do
        now=$(addresses)
        [ -n "$now" ] && [ "$now" != "$known" ] && known=$now && nginx -c "$configuration" -s reload
    done &
fi
exec nginx -c "$configuration" -g 'daemon off;'
