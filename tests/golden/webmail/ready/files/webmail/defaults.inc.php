<?php
include '/etc/roundcube/defaults.inc.php';
