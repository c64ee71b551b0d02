#!/usr/bin/env bash
exec node /opt/porthole/server/main.js
