#!/bin/sh
# Prepares nginx, then becomes the command. As with Docker Hub's image, users may add scripts to /docker-entrypoint.d.
set -e

site=/etc/nginx/conf.d/default.conf

run_scripts() {
  for script in /docker-entrypoint.d/*; do
    [ -x "$script" ] || continue
    case "$script" in
      *.envsh) . "$script" ;;
      *.sh) "$script" ;;
    esac
  done
}

# `localhost` may mean ::1 first, so the site listens there too, where the kernel has IPv6 and the site is still the image's own.
listen_on_ipv6() {
  [ -f /proc/net/if_inet6 ] && [ -w "$site" ] || return 0
  grep -q '^# The site of the image' "$site" || return 0
  grep -q 'listen *\[::\]:80' "$site" && return 0
  sed -i 's/^\( *\)listen  *80;/&\n\1listen [::]:80;/' "$site" || true
}

case "$1" in
  nginx | nginx-debug)
    run_scripts
    listen_on_ipv6
    ;;
esac

exec "$@"
