# What a household's cell is managed with; the Makefile includes it. A line each in `make help`.
.PHONY: doctor setup start stop restart adopt status logs update reinstall uninstall backup restore list-peers show-routes \
    add-peer test-stack test-integration test-integration-readonly

## The stack: a household's cell, in containers (QUICKSTART.md)

STACK := tools/stack

doctor: ## look whether this host is fit for a cell, and say what to do where it is not
	@$(STACK)/doctor.sh

setup: ## make the cell: images, .env, folders (CELL_NAME= CELL_DOMAIN= VPN_RANGE= ADMIN_PASSWORD=, or it asks)
	@$(STACK)/setup.sh

start: ## start every container and wait until all are well
	@$(STACK)/start.sh

stop: ## stop every container; nothing is lost
	@$(STACK)/stop.sh

restart: ## take what has changed in the log into .env and make anew the containers it concerns; all, where nothing has
	@$(STACK)/restart.sh

adopt: ## take an .env that was edited by hand into the log
	@$(STACK)/adopt.sh

status: ## the containers, the services, and what is wrong
	@$(STACK)/status.sh

logs: ## the containers' last lines (TAIL=100, FOLLOW=1)
	@$(STACK)/cell.sh logs

logs-%: ## those of one, as make logs-dns
	@$(STACK)/cell.sh logs $*

shell-%: ## a shell in one, as make shell-dns
	@$(STACK)/cell.sh shell $*

build-%: ## build one image, as make build-api or make build-dns
	@$(STACK)/build.sh $*

update: ## back up, build from the sources that are here, start; back to the old images if it does not come well
	@$(STACK)/update.sh

backup: ## put everything into one encrypted file in backups/ (BACKUP_PASSPHRASE=, or it asks)
	@$(STACK)/backup.sh

restore: ## list the backups; BACKUP=backups/NAME.pic brings one back
	@$(STACK)/restore.sh $(BACKUP)

reinstall: ## throw the data away and set up anew; asks first (FORCE=1 does not)
	@$(STACK)/reinstall.sh

uninstall: ## take the cell off this host, backups excepted; asks first (FORCE=1 does not)
	@$(STACK)/uninstall.sh

list-peers: ## the devices of the VPN
	@$(STACK)/cell.sh list-peers

show-routes: ## the VPN's routes, and which device may use which addresses
	@$(STACK)/cell.sh show-routes

add-peer: export PEER_NAME := $(PEER_NAME)
add-peer: export PEER_IP := $(PEER_IP)
add-peer: export PEER_KEY := $(PEER_KEY)
add-peer: ## add a device and show its QR code (PEER_NAME= PEER_IP= PEER_KEY=)
	@$(STACK)/cell.sh add-peer

test-integration: ## the real stack in a sealed Docker engine of its own, one real client a service (root, about ten minutes)
	@tests/stack/run.sh

test-integration-readonly: ## look at the running cell without changing anything
	@tests/stack/readonly.sh

test-stack: test-integration ## the same
