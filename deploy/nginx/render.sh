#!/bin/sh
# Print nginx.conf for this server:
#
#     deploy/nginx/render.sh www.example.org example.org > /etc/nginx/nginx.conf
#
# The names of the site are its arguments; what else may differ comes from the environment.
set -eu
[ $# -gt 0 ] || { echo "Name the site: $0 www.example.org" >&2; exit 1; }
fill() { script="$script;s|\${$1}|$2|g"; }
script=""
fill SERVER_NAMES "$*"
fill SITE_LANGUAGE "${SITE_LANGUAGE:-en}"
fill PORTAL "${PORTAL:-127.0.0.1:8000}"
fill DATA "${DATA:-/var/lib/portal}"
fill CERTIFICATES "${CERTIFICATES:-/etc/letsencrypt/live/$1}"
fill HTTP_PORT "${HTTP_PORT:-80}"
fill HTTPS_PORT "${HTTPS_PORT:-443}"
fill NGINX_USER "${NGINX_USER:-www-data}"
fill RUN "${RUN:-/run}"
fill LOGS "${LOGS:-/var/log/nginx}"
exec sed "$script" "$(dirname "$0")/nginx.conf.template"
